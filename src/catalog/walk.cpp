#include "catalog/walk.hpp"

#include <algorithm>
#include <cstdint>

#include "catalog/walk_catalogs.hpp"
#include "catalog/walk_members.hpp"
#include "catalog/walk_names.hpp"
#include "model/failure.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "catalog/pg_class_d.h"
}

namespace pgschema::catalog {

namespace {

using Kind = WalkColumn::Kind;

/// The next number in the text from `at` on; `at` moves behind it.
std::optional<std::int64_t> next_number(const std::string& text, std::size_t& at) {
  while (at < text.size() && (text[at] < '0' || text[at] > '9')) ++at;
  if (at == text.size()) return std::nullopt;
  const bool negative = at > 0 && text[at - 1] == '-';
  std::int64_t value = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) value = value * 10 + (text[at] - '0');
  return negative ? -value : value;
}

std::vector<std::int64_t> numbers_in(const std::string& text) {
  std::vector<std::int64_t> numbers;
  std::size_t at = 0;
  while (const auto number = next_number(text, at)) numbers.push_back(*number);
  return numbers;
}

Oid oid_of(std::int64_t number) { return static_cast<Oid>(number); }

/// The rows of one reading, with its description.
struct Read {
  const WalkReading* reading;
  pg::Rows rows;
};

std::vector<Read> read_all(const WalkMembers& members, Deparse deparse) {
  std::vector<Oid> classes, oids;
  for (const auto& [classid, of_class] : members) {
    classes.insert(classes.end(), of_class.size(), classid);
    oids.insert(oids.end(), of_class.begin(), of_class.end());
  }
  std::vector<Read> reads;
  for (const auto& reading : walk_catalogs().readings) {
    const std::string& sql = deparse == Deparse::kYes ? reading.sql : reading.sql_undeparsed;
    if (reading.owner_class == InvalidOid) {
      reads.push_back({&reading, pg::query(sql, {classes, oids})});
      continue;
    }
    const auto of_class = members.find(reading.owner_class);
    if (of_class != members.end()) reads.push_back({&reading, pg::query(sql, {of_class->second})});
  }
  return reads;
}

constexpr std::size_t kFirstColumn = 3;  // after class, object and sub-object

void need_names(const WalkColumn& column, const std::string& cell, WalkNames& names) {
  if (column.kind == Kind::text || column.kind == Kind::items) return;
  const auto numbers = numbers_in(cell);
  if (column.kind == Kind::references) {
    for (const auto number : numbers)
      if (number != 0) names.need(column.refers_to, oid_of(number));
  } else if (column.kind == Kind::address) {
    names.need(oid_of(numbers[0]), oid_of(numbers[1]));
    if (numbers[2] != 0 && oid_of(numbers[0]) == RelationRelationId)
      names.need_column(oid_of(numbers[1]), static_cast<int>(numbers[2]));
  } else {
    for (std::size_t i = 1; i < numbers.size(); ++i)
      names.need_column(oid_of(numbers[0]), static_cast<int>(numbers[i]));
  }
}

WalkNames names_for(const std::vector<Read>& reads) {
  WalkNames names;
  for (const auto& [reading, rows] : reads)
    for (const auto& row : rows) {
      names.need(row.oid(0), row.oid(1));
      if (row.number(2) != 0 && row.oid(0) == RelationRelationId)
        names.need_column(row.oid(1), static_cast<int>(row.number(2)));
      for (std::size_t i = 0; i < reading->columns.size(); ++i)
        if (!row.null(i + kFirstColumn)) need_names(reading->columns[i], row.text(i + kFirstColumn), names);
    }
  names.resolve();
  return names;
}

/// An actual schema's name, as an identifier in a text, replaced by the one to print.
class Renaming {
 public:
  explicit Renaming(const std::map<std::string, std::string>& schemas) {
    if (schemas.empty()) return;
    std::vector<std::string> from, to;
    for (const auto& [actual, shown] : schemas) {
      from.push_back(actual);
      to.push_back(shown);
    }
    for (const auto& row : pg::query(kQuoted, {from, to})) {
      pairs_.emplace_back(row.text(0), row.text(1));
      if (row.text(0) != row.text(2)) pairs_.emplace_back(row.text(2), row.text(1));
    }
  }

  void apply(std::string& text) const {
    for (const auto& [from, to] : pairs_)
      for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        const bool whole = !is_part(text, at, -1) && !is_part(text, at + from.size(), 0);
        if (whole) text.replace(at, from.size(), to);
        at += whole ? to.size() : from.size();
      }
  }

 private:
  static constexpr const char* kQuoted =
      "SELECT pg_catalog.quote_ident(f), pg_catalog.quote_ident(t), pg_catalog.format('\"%s\"',"
      " pg_catalog.replace(f, '\"', '\"\"')) FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) m(f, t)";

  /// Whether the identifier goes on at this place (before it with step -1).
  static bool is_part(const std::string& text, std::size_t at, int step) {
    if (step < 0 && at-- == 0) return false;
    if (at >= text.size()) return false;
    const auto c = static_cast<unsigned char>(text[at]);
    return c >= 0x80 || c == '_' || c == '$' || c == '"' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  }

  std::vector<std::pair<std::string, std::string>> pairs_;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

/// The value of a cell, or the values when it has one line for each element.
std::vector<std::string> values_of(const WalkColumn& column, const std::string& cell, const WalkNames& names) {
  if (column.kind == Kind::text) return {cell};
  std::vector<std::string> parts;
  if (column.kind == Kind::items) {
    for (std::size_t from = 0; from < cell.size();) {
      const auto end = std::min(cell.find(kSeparator, from), cell.size());
      parts.push_back(cell.substr(from, end - from));
      from = end + 1;
    }
    return parts;
  }
  const auto numbers = numbers_in(cell);
  if (column.kind == Kind::address) {
    const auto name = names.object_or_column(oid_of(numbers[0]), oid_of(numbers[1]), static_cast<int>(numbers[2]));
    return {cat(name.type, " ", name.identity)};
  }
  if (column.kind == Kind::references) {
    for (const auto number : numbers)
      parts.push_back(number == 0 ? "-" : names.object(column.refers_to, oid_of(number)).identity);
    return {joined(parts)};
  }
  for (std::size_t i = 1; i < numbers.size(); ++i)
    parts.push_back(names.column(oid_of(numbers[0]), static_cast<int>(numbers[i])));
  return {column.kind == Kind::after ? "after " + joined(parts) : joined(parts)};
}

/// Rows → lines, kept by object so that sorting is cheap.
class Printer {
 public:
  Printer(const WalkNames& names, const Renaming& renaming) : names_(names), renaming_(renaming) {}

  void add(const Read& read) {
    for (const auto& row : read.rows) {
      auto& lines = lines_of(row.oid(0), row.oid(1), static_cast<int>(row.number(2)));
      if (read.reading->one_line)
        lines.emplace_back(read.reading->name, in_one_line(*read.reading, row));
      else
        add_columns(*read.reading, row, lines);
    }
  }

  Walk result() {
    std::map<std::pair<std::string, std::string>, Lines> by_name;
    for (auto& [address, lines] : objects_) {
      const auto [classid, oid] = address.first;
      // Its rows were there, and its name is not any more.
      if (!names_.has(classid, oid))
        throw Failure(sqlstate::kSerialization, "an object was dropped by another session while it was read")
            .detail(cat("It had OID ", std::to_string(oid), " in the catalog with OID ", std::to_string(classid), "."))
            .hint("Try again.");
      auto [type, identity] = name_of(address);
      renaming_.apply(identity);
      auto& all = by_name[{std::move(type), std::move(identity)}];
      all.insert(all.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
    }
    Walk walk;
    for (auto& [name, lines] : by_name) {
      std::sort(lines.begin(), lines.end());
      lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
      for (auto& [attribute, value] : lines)
        walk.lines.push_back({name.first, name.second, std::move(attribute), std::move(value)});
    }
    return walk;
  }

 private:
  using Lines = std::vector<std::pair<std::string, std::string>>;
  using SubAddress = std::pair<std::pair<Oid, Oid>, int>;

  Lines& lines_of(Oid classid, Oid oid, int sub) { return objects_[{{classid, oid}, sub}]; }

  std::pair<std::string, std::string> name_of(const SubAddress& address) const {
    auto name = names_.object_or_column(address.first.first, address.first.second, address.second);
    return {std::move(name.type), std::move(name.identity)};
  }

  void add_columns(const WalkReading& reading, const pg::Row& row, Lines& lines) const {
    // One line says that it is there, even if there is nothing to say of it.
    if (reading.is_object || reading.is_column) lines.emplace_back(reading.name, "");
    for (std::size_t i = 0; i < reading.columns.size(); ++i) {
      if (row.null(i + kFirstColumn)) continue;
      for (auto& value : values_of(reading.columns[i], row.text(i + kFirstColumn), names_)) {
        renaming_.apply(value);
        lines.emplace_back(reading.columns[i].attribute, std::move(value));
      }
    }
  }

  std::string in_one_line(const WalkReading& reading, const pg::Row& row) const {
    std::string line;
    for (std::size_t i = 0; i < reading.columns.size(); ++i) {
      if (row.null(i + kFirstColumn)) continue;
      if (!line.empty()) line += ' ';
      line +=
          cat(reading.columns[i].name, "=", joined(values_of(reading.columns[i], row.text(i + kFirstColumn), names_)));
    }
    renaming_.apply(line);
    return line;
  }

  const WalkNames& names_;
  const Renaming& renaming_;
  std::map<SubAddress, Lines> objects_;
};

/// A whole object that was asked for and has no row is a mistake of the caller's, or has just been dropped.
void check_existence(const Addresses& objects, const std::vector<Read>& reads) {
  std::set<std::pair<Oid, Oid>> seen;
  for (const auto& [reading, rows] : reads)
    if (reading->is_object)
      for (const auto& row : rows) seen.emplace(row.oid(0), row.oid(1));
  for (const auto& address : objects)
    if (seen.count(address) == 0)
      throw Failure(sqlstate::kUndefinedObject,
                    cat("object with OID ", std::to_string(address.second), " of catalog with OID ",
                        std::to_string(address.first), " does not exist"));
}

}  // namespace

Walk walk(const Addresses& objects, const std::map<std::string, std::string>& rename_schema, Deparse deparse) {
  if (objects.empty()) return {};
  const pg::SettingsScope settings;
  settings.pin_output();
  const auto reads = read_all(walk_members(objects), deparse);
  check_existence(objects, reads);
  const auto names = names_for(reads);
  const Renaming renaming(rename_schema);
  Printer printer(names, renaming);
  for (const auto& read : reads) printer.add(read);
  return printer.result();
}

std::string told(const WalkLine& line) {
  constexpr std::size_t kLongest = 200;
  if (line.value.find("=sha256:") != std::string::npos) return "a secret";
  return script::comment_text(script::excerpt(line.value, kLongest));
}

std::vector<WalkDifference> differences(const Walk& before, const Walk& after) {
  std::vector<WalkDifference> found;
  std::size_t b = 0, a = 0;
  while (b < before.lines.size() || a < after.lines.size()) {
    if (a == after.lines.size() || (b < before.lines.size() && before.lines[b] < after.lines[a]))
      found.push_back({before.lines[b++], true});
    else if (b == before.lines.size() || after.lines[a] < before.lines[b])
      found.push_back({after.lines[a++], false});
    else
      ++a, ++b;
  }
  const auto key = [](const WalkDifference& d) {
    return std::tie(d.line.object_type, d.line.identity, d.line.attribute);
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& x, const auto& y) {
    return key(x) != key(y) ? key(x) < key(y) : x.gone && !y.gone;
  });
  return found;
}

bool is_deparsed(const std::string& attribute) {
  for (const auto& reading : walk_catalogs().readings)
    for (const auto& column : reading.columns)
      if (column.deparsed && column.attribute == attribute) return true;
  return false;
}

}  // namespace pgschema::catalog
