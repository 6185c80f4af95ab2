// The summary: first what a reviewer must see.
#include <algorithm>
#include <utility>

#include "kinds/registry.hpp"
#include "model/failure.hpp"
#include "plan/document.hpp"
#include "script/quote.hpp"

namespace pgschema::plan {

namespace {

constexpr std::size_t kMostLines = 60;  // of one section
constexpr std::size_t kLongestText = 160;

std::string safe(const std::string& text) { return script::comment_text(script::excerpt(text, kLongestText)); }

std::string joined(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const auto& item : items) out += cat(out.empty() ? "" : separator, item);
  return out;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string right(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

std::string grouped(long value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return cat(grouped(static_cast<long>(count)), " ", count == 1 ? one : many);
}

class Summary {
 public:
  explicit Summary(const Document& document) : doc_(document) {}

  std::vector<std::string> run() {
    head();
    if (doc_.plan.empty()) {
      line("nothing to change");
      tail();
      return std::move(out_);
    }
    hazards();
    changes();
    rebuilt();
    locks();
    tail();
    return std::move(out_);
  }

 private:
  /// The one place where a line is made: whatever it contains, it stays one, and a comment.
  void line(const std::string& text) { out_.push_back(text.empty() ? "--" : cat("-- ", script::comment_text(text))); }

  void head() {
    line(cat("pgschema plan ", doc_.fingerprint, doc_.schemas.empty() ? "" : "   ", joined(doc_.schemas, ", "),
             "   strategy ", doc_.strategy));
    if (doc_.plan.empty()) return;
    const auto count = [&](char sign) {
      return static_cast<std::size_t>(std::count_if(doc_.plan.changes.begin(), doc_.plan.changes.end(),
                                                    [&](const ChangeLine& c) { return c.sign == sign; }));
    };
    std::vector<std::string> parts;
    if (count('~')) parts.push_back(cat(grouped(static_cast<long>(count('~'))), " changed"));
    if (!doc_.plan.rebuilt.empty())
      parts.push_back(cat(grouped(static_cast<long>(doc_.plan.rebuilt.size())), " rebuilt"));
    if (count('+')) parts.push_back(cat(grouped(static_cast<long>(count('+'))), " created"));
    if (count('-')) parts.push_back(cat(grouped(static_cast<long>(count('-'))), " dropped"));
    line(cat(joined(parts, ", "), ": ", counted(doc_.plan.steps.size(), "statement", "statements"), ", ",
             counted(static_cast<std::size_t>(doc_.plan.phases()), "phase", "phases")));
    line("");
  }

  void hazards() {
    if (doc_.hazards.empty()) return;
    line("HAZARDS");
    std::size_t width = 10;
    for (const auto& hazard : doc_.hazards) width = std::max(width, kinds::name_of(hazard.hazard).size());
    for (std::size_t i = 0; i < doc_.hazards.size() && i < kMostLines; ++i)
      line(cat("  ", padded(std::string(kinds::name_of(doc_.hazards[i].hazard)), width), " ",
               safe(doc_.hazards[i].text)));
    if (doc_.hazards.size() > kMostLines)
      line(cat("  and ", counted(doc_.hazards.size() - kMostLines, "more", "more")));
    std::vector<std::string> names;
    for (const auto& hazard : doc_.hazards) {
      const std::string name(kinds::name_of(hazard.hazard));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    line(cat("  to run: allow => '{", joined(names, ","), "}', expect => '", doc_.fingerprint, "'"));
    line("");
  }

  void changes() {
    if (doc_.plan.changes.empty()) return;
    line("CHANGES");
    std::size_t width = 0;
    for (const auto& change : doc_.plan.changes)
      width = std::max(width, std::min<std::size_t>(28, safe(kinds::describe(change.id)).size()));
    for (const auto& change : doc_.plan.changes) {
      std::string text = cat("  ", std::string(1, change.sign), " ", safe(kinds::describe(change.id)));
      if (!change.text.empty()) text = cat(padded(cat(text, "  "), width + 6), safe(change.text));
      line(text);
    }
    line("");
  }

  struct Row {
    std::size_t views = 0, matviews = 0, functions = 0, others = 0;
    std::set<std::string> owners;
  };

  void rebuilt() {
    if (doc_.plan.rebuilt.empty()) return;
    line(cat("REBUILT AS THEY WERE", doc_.root.empty() ? "" : cat(" (because of ", safe(doc_.root), ")")));
    std::map<std::string, Row> rows;
    for (const auto& object : doc_.plan.rebuilt) {
      const auto schema = doc_.schema_of.find(object.id);
      Row& row = rows[schema == doc_.schema_of.end() ? "" : schema->second];
      if (auto owner = doc_.owners.find(object.id); owner != doc_.owners.end()) row.owners.insert(owner->second);
      switch (object.id.kind) {
        case Kind::kView: ++row.views; break;
        case Kind::kMaterializedView: ++row.matviews; break;
        case Kind::kFunction:
        case Kind::kProcedure:
        case Kind::kAggregate: ++row.functions; break;
        default: ++row.others;
      }
    }
    table(rows);
    const auto deepest =
        std::max_element(doc_.plan.rebuilt.begin(), doc_.plan.rebuilt.end(),
                         [](const Rebuilt& a, const Rebuilt& b) { return a.path.size() < b.path.size(); });
    if (deepest->path.size() > 1) {
      std::string path;
      for (const auto& id : deepest->path) path += cat(path.empty() ? "" : " > ", id.identity);
      line(cat("  deepest: ", script::comment_text(path), " (depth ", std::to_string(deepest->path.size() - 1), ")"));
    }
    if (!doc_.filled_again.empty()) line(cat("  filled again: ", safe(joined(doc_.filled_again, ", "))));
    if (!doc_.carried_over.empty()) line(cat("  carried over: ", joined(doc_.carried_over, ", ")));
    line("");
  }

  void table(const std::map<std::string, Row>& rows) {
    std::size_t width = 6;
    bool others = false;
    for (const auto& [schema, row] : rows) {
      width = std::max(width, safe(schema).size());
      others = others || row.others;
    }
    line(cat("  ", padded("schema", width), right("views", 9), right("matviews", 10), right("functions", 11),
             others ? right("others", 8) : "", "   owners"));
    const auto number = [](std::size_t value) { return value ? std::to_string(value) : std::string("-"); };
    for (const auto& [schema, row] : rows)
      line(cat("  ", padded(safe(schema), width), right(number(row.views), 9), right(number(row.matviews), 10),
               right(number(row.functions), 11), others ? right(number(row.others), 8) : "", "   ",
               safe(joined({row.owners.begin(), row.owners.end()}, ", "))));
  }

  void locks() {
    const auto exclusive = static_cast<std::size_t>(std::count_if(
        doc_.locks.begin(), doc_.locks.end(), [](const LockLine& lock) { return lock.mode == "AccessExclusiveLock"; }));
    if (doc_.lock_slots_total)
      line(cat("LOCKS  ", grouped(doc_.lock_slots), " of ", grouped(doc_.lock_slots_total),
               " slots; ACCESS EXCLUSIVE on ", counted(exclusive, "relation", "relations"), " until commit"));
    for (const auto& session : doc_.in_the_way) line(cat("  now in the way: ", safe(session)));
    line("");
  }

  void tail() {
    all_of("NOT RUN         ", doc_.not_run);
    all_of("LEFT OUT        ", doc_.left_out);
    std::string left = joined(doc_.left_alone, ", ");
    if (!doc_.ignored.empty()) left += cat(left.empty() ? "" : "; ", "ignored: ", joined(doc_.ignored, ", "));
    if (!left.empty()) line(cat("LEFT AS IT IS   ", safe(left)));
    for (const auto& rename : doc_.possible_renames) line(cat("POSSIBLE RENAME ", safe(rename)));
    if (doc_.verified && !doc_.plan.empty())
      line(cat("VERIFIED        in the shadow: ", counted(doc_.verified, "object", "objects"), ", no difference",
               doc_.not_run_in_shadow.empty() ? "" : cat("; not run there: ", joined(doc_.not_run_in_shadow, ", "))));
  }

  /// What a text wants and nobody does must not be lost in an ellipsis.
  void all_of(std::string_view label, const std::vector<std::string>& items) {
    std::string row;
    for (const auto& item : items) {
      if (!row.empty() && row.size() + item.size() > 100) {
        line(cat(std::exchange(label, "                "), std::exchange(row, ""), ","));
      }
      row += cat(row.empty() ? "" : ", ", safe(item));
    }
    if (!row.empty()) line(cat(label, row));
  }

  const Document& doc_;
  std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> summary(const Document& document) { return Summary(document).run(); }

std::string allowance(const HazardLine& hazard) {
  return cat(kinds::name_of(hazard.hazard), ":", hazard.object.identity);
}

bool always_needs_allow(kinds::Hazard hazard) {
  return hazard == kinds::Hazard::kDataLoss || hazard == kinds::Hazard::kAccess || hazard == kinds::Hazard::kDrift;
}

}  // namespace pgschema::plan
