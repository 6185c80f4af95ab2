#include "shadow/settlement.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "functions/settings.hpp"
#include "model/secrets.hpp"
#include "pg/compat.hpp"
#include "pg/fault.hpp"
#include "pg/query.hpp"
#include "pg/relations.hpp"
#include "pg/sha256.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "shadow/scope.hpp"
#include "shadow/trees.hpp"
#include "shadow/verify.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
}

namespace pgschema::shadow {

namespace {

constexpr const char* kFormat = "pgschema settlement 2";

/// What is printed, parsed or made may depend on any of these; those that say how long something may take do not count.
/// (As pg_settings has them, which reads all there are.)
bool counts(const config_generic& setting) {
  const std::string_view name = setting.name, category = config_group_names[setting.group];
  if (name == "server_version" || name == "pgschema.missing_roles") return true;
  if (setting.flags & GUC_NO_SHOW_ALL) return false;
  if (!category.starts_with("Client Connection Defaults") && !category.starts_with("Version and Platform"))
    return false;
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  return !has("timeout") && !has("transaction_") && !name.starts_with("vacuum") && !name.starts_with("client_") &&
         !name.starts_with("gin_");
}

/// Of a whole object that can be followed.
bool can_be_followed(Kind kind) {
  switch (kind) {
    case Kind::kTable:
    case Kind::kForeignTable:
    case Kind::kView:
    case Kind::kMaterializedView:
    case Kind::kSequence:
    case Kind::kEnum:
    case Kind::kComposite:
    case Kind::kDomain:
    case Kind::kRange:
    case Kind::kBaseType:
    case Kind::kFunction:
    case Kind::kProcedure:
    case Kind::kAggregate: return true;
    default: return false;
  }
}

class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>((value & 0x7F) | 0x80);
    out_ += static_cast<char>(value);
  }
  void text(const std::string& value) {
    number(value.size());
    out_ += value;
  }
  std::string hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(out_.size() * 2);
    for (const char c : out_) {
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
  }

 private:
  std::string out_;
};

/// What was written; past its end everything is 0.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; at_ < in_.size() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(in_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  }
  std::string text() {
    const std::size_t size = std::min<std::size_t>(number(), in_.size() - at_);
    at_ += size;
    return std::string(in_.substr(at_ - size, size));
  }
  /// How many of something follow: never more than there are bytes.
  std::size_t count() { return std::min<std::size_t>(number(), in_.size() - at_); }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
};

std::uint64_t bits(const Mentions& mentions) {
  return (mentions.owners ? 1u : 0u) | (mentions.privileges ? 2u : 0u) | (mentions.labels ? 4u : 0u);
}

Mentions mentions_of(std::uint64_t bits) { return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0}; }

std::string written(const Settlement& settlement) {
  Writer out;
  out.number(settlement.seed);
  out.number(settlement.defines);
  out.number(bits(settlement.mentions));
  out.number(settlement.ignored.size());
  for (const auto& name : settlement.ignored) out.text(name);
  out.number(settlement.not_run.size());
  for (const auto& item : settlement.not_run) {
    out.number(static_cast<std::uint64_t>(item.line));
    out.text(item.file);
    out.text(item.what);
  }
  out.number(settlement.statements.size());
  for (const auto& statement : settlement.statements) {
    out.number(statement.gap);
    out.number(statement.begin);
    out.number(statement.end);
    out.number(statement.settings);
    out.number(bits(statement.mentions));
    out.number(statement.always);
    out.number(statement.units.size());
    for (const auto& [classid, oid] : statement.units) {
      out.number(classid);
      out.number(oid);
    }
  }
  out.number(settlement.marks.size());
  for (const auto& [begin, end] : settlement.marks) {
    out.number(begin);
    out.number(end);
  }
  out.number(settlement.versions.rest);
  out.number(settlement.versions.units.size());
  for (const auto& unit : settlement.versions.units) {
    out.number(unit.classid);
    out.number(unit.oid);
    out.number(unit.schema);
    out.number(unit.number);
    out.number(unit.member);
    out.text(unit.name);
  }
  return out.hex();
}

Settlement read(std::string_view bytes) {
  Reader in(bytes);
  Settlement out{};
  out.seed = in.number();
  out.defines = in.number() != 0;
  out.mentions = mentions_of(in.number());
  for (auto left = in.count(); left > 0; --left) out.ignored.push_back(in.text());
  for (auto left = in.count(); left > 0; --left) {
    const int line = static_cast<int>(in.number());
    std::string file = in.text();
    out.not_run.push_back({line, std::move(file), in.text()});
  }
  auto statements = in.count();
  for (out.statements.reserve(statements); statements > 0; --statements) {
    SettledStatement statement{};
    statement.gap = in.number();
    statement.begin = in.number();
    statement.end = in.number();
    statement.settings = in.number();
    statement.mentions = mentions_of(in.number());
    statement.always = in.number() != 0;
    for (auto units = in.count(); units > 0; --units) {
      const auto classid = static_cast<Oid>(in.number());
      statement.units.emplace_back(classid, static_cast<Oid>(in.number()));
    }
    out.statements.push_back(std::move(statement));
  }
  for (auto left = in.count(); left > 0; --left) {
    const std::size_t begin = in.number();
    out.marks.emplace_back(begin, in.number());
  }
  out.versions.rest = in.number();
  auto units = in.count();
  for (out.versions.units.reserve(units); units > 0; --units) {
    catalog::Version unit{};
    unit.classid = static_cast<Oid>(in.number());
    unit.oid = static_cast<Oid>(in.number());
    unit.schema = static_cast<Oid>(in.number());
    unit.number = in.number();
    unit.member = in.number() != 0;
    unit.name = in.text();
    out.versions.units.push_back(std::move(unit));
  }
  return out;
}

/// The statements of the text, each with what it speaks of.
void describe(const std::string& desired, const std::string& search_path, const catalog::Versions& now,
              Settlement& out) {
  Text text = read_text(desired, Mode::kWhole);
  out.not_run = text.not_run;
  {
    const pg::Subtransaction lookup;
    resolve(text, search_path);
  }
  std::map<const script::Statement*, SettledStatement> by_source;
  for (const auto& statement : text.statements) {
    auto [found, fresh] = by_source.try_emplace(statement.source);
    SettledStatement& settled = found->second;
    if (fresh)
      settled = {statement.source->begin,
                 statement.source->begin,
                 statement.source->end,
                 settings_hash(*statement.settings),
                 {},
                 false,
                 {}};
    note_mentions(statement, settled.mentions);
    bool any = false;
    for (const auto* targets : {&statement.targets, &statement.touched_units})
      for (const auto& target : *targets) {
        if (!OidIsValid(target.objid)) continue;
        any = true;
        Unit unit{target.classid, target.objid};
        if (const auto sequence = now.sequences.find(target.objid);
            target.classid == RelationRelationId && sequence != now.sequences.end())
          unit.second = sequence->second;
        if (is_followed(unit.first))
          settled.units.push_back(unit);
        else
          settled.always = true;
      }
    if (!any) settled.always = true;
  }
  std::map<std::size_t, std::size_t> directives;
  for (const auto* list : {&text.script.beside, &text.script.standalone})
    for (const auto& directive : *list) directives.emplace(directive.begin, directive.end);
  // Beside a directive, before and after it: who it speaks of is not looked at.
  const auto is_beside = [&](std::size_t from, std::size_t to) {
    const auto found = directives.lower_bound(from);
    return found != directives.end() && found->first < to;
  };
  std::size_t last = 0;
  const auto& sources = text.script.statements;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::size_t next = i + 1 < sources.size() ? sources[i + 1].begin : text.script.text.size();
    if (auto found = by_source.find(&sources[i]); found != by_source.end()) {
      auto& settled = found->second;
      std::sort(settled.units.begin(), settled.units.end());
      settled.units.erase(std::unique(settled.units.begin(), settled.units.end()), settled.units.end());
      settled.always = settled.always || is_beside(last, next);
      const auto psql = std::lower_bound(text.script.not_run.begin(), text.script.not_run.end(), last,
                                         [](const script::NotRun& item, std::size_t at) { return item.begin < at; });
      if (psql == text.script.not_run.end() || psql->begin >= settled.begin) settled.gap = last;
      out.mentions.add(settled.mentions);
      out.statements.push_back(settled);
    } else {
      out.marks.emplace_back(sources[i].begin, sources[i].end);
    }
    last = sources[i].end;
  }
  for (const auto& [begin, end] : directives) out.marks.emplace_back(begin, end);
  for (const auto& left_out : text.script.not_run) out.marks.emplace_back(left_out.begin, left_out.begin + 1);
}

/// What the plan has neither changed nor made counts as it was when the plan was begun.
catalog::Versions as_proven(const catalog::Versions& before, catalog::Versions after, const Outcome& outcome) {
  bool others = false;
  for (const auto& step : outcome.plan.steps)
    for (const ObjectId* id : {&step.object, &step.shown}) {
      const Snapshot& in = outcome.live.has(*id) ? outcome.live : outcome.desired;
      const Kind kind = in.has(*id) ? in.root(*id).kind : id->kind;
      others = others || !can_be_followed(kind);
    }
  if (!others) after.rest = before.rest;
  for (auto& unit : after.units) {
    const catalog::Version* was = before.find(unit.classid, unit.oid);
    if (was && !outcome.participants.has({unit.classid, unit.oid, 0})) unit.number = was->number;
  }
  return after;
}

}  // namespace

bool is_followed(Oid classid) {
  return classid == RelationRelationId || classid == TypeRelationId || classid == ProcedureRelationId;
}

std::string comparable(const std::string& desired) {
  std::string out = masked(desired);
  const auto blank_key = [&](std::size_t line, std::string_view command) {
    if (out.compare(line, command.size(), command) != 0) return;
    for (std::size_t i = line + command.size(); i < out.size() && out[i] != '\n'; ++i) out[i] = ' ';
  };
  for (std::size_t line = 0; line < out.size();) {
    const std::size_t end = std::min(out.find('\n', line), out.size());
    const bool says_nothing = end == line || out.compare(line, 2, "--") == 0;
    if (!says_nothing) {
      blank_key(line, "\\restrict ");
      break;
    }
    line = end + 1;
  }
  const auto last = out.find_last_not_of(" \n\r\t");
  if (last == std::string::npos) return out;
  const auto before = out.rfind('\n', last);
  blank_key(before == std::string::npos ? 0 : before + 1, "\\unrestrict ");
  return out;
}

std::string comparable_hash(const std::string& comparable, const std::string& desired, std::uint64_t seed) {
  const auto stand_ins = stand_ins_in(desired);
  if (stand_ins.empty()) return pg::sha256(comparable);
  std::string input = comparable;
  for (const auto& stand_in : stand_ins)
    if (const std::string* secret = secret_behind(stand_in))
      input += pg::sha256(cat(std::to_string(seed), " ", *secret));
  return pg::sha256(input);
}

std::uint64_t settings_hash(const std::map<std::string, std::string>& settings) {
  std::string input;
  for (const auto& [name, value] : settings) input += cat(name, "=", value, "\n");
  return hash_bytes_extended(reinterpret_cast<const unsigned char*>(input.data()), static_cast<int>(input.size()), 0);
}

std::string circumstances() {
  std::vector<const char*> names;
  pg::call([&] {
    pg::compat::for_each_setting([&](const config_generic& setting) {
      if (counts(setting)) names.push_back(setting.name);
    });
  });
  std::sort(names.begin(), names.end(), [](const char* a, const char* b) { return strcmp(a, b) < 0; });
  std::string input = cat(kFormat, "\n", settings::missing_roles == settings::kSkip ? "skip\n" : "");
  for (const char* name : names) {
    const char* value = pg::call([&] { return GetConfigOption(name, true, false); });
    input += cat(name, "=", value ? value : "", "\n");
  }
  return pg::sha256(input);
}

std::optional<Settlement> settlement_of(const std::vector<std::string>& schemas, const std::string& now) {
  const Oid caller = GetUserId();
  const pg::TableOwnerScope owner("settled");
  const auto rows = pg::query(
      "SELECT content, encode(desired, 'hex'), encode(comparable, 'hex') FROM pgschema.settled "
      "WHERE schemas = $1::name[] AND role = $2 AND circumstances = decode($3, 'hex')",
      {schemas, caller, now});
  if (rows.empty()) return {};
  try {
    Settlement out = read(rows.at(0).text(0));
    out.desired = rows.at(0).text(1);
    out.comparable = rows.at(0).text(2);
    return out;
  } catch (const std::logic_error&) {  // out of range: not what was written there
    return {};
  }
}

void settle(const std::string& desired, const std::vector<std::string>& schemas, const Outcome& outcome) {
  if (!outcome.settling || !outcome.left_out.empty()) return;  // what is left out is told again each time
  const Oid caller = GetUserId();
  try {
    pg::Subtransaction trial;
    Settlement out{};
    out.seed = outcome.settling->seed;
    out.ignored = outcome.ignored;
    out.defines = !outcome.defines_nothing;
    const pg::MemoryScope memory;
    pg::fault_point("before the settlement");
    const catalog::Versions after = catalog::versions(out.seed);
    describe(desired, outcome.settling->search_path, after, out);
    out.versions = as_proven(outcome.settling->before, after, outcome);
    const std::string hash = comparable_hash(comparable(desired), desired, out.seed);
    const pg::TableOwnerScope as_owner("settled");
    (void)pg::write(
        R"(
INSERT INTO pgschema.settled (schemas, role, circumstances, desired, comparable, content)
VALUES ($1::name[], $2, decode($3, 'hex'), decode($4, 'hex'), decode($5, 'hex'), decode($6, 'hex'))
ON CONFLICT (schemas, role) DO UPDATE SET circumstances = excluded.circumstances, desired = excluded.desired,
  comparable = excluded.comparable, content = excluded.content)",
        {schemas, caller, outcome.settling->circumstances, pg::sha256(masked(desired)), hash, written(out)});
    pg::fault_point("after the settlement");
    trial.commit();
    return;
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
  } catch (const Failure&) {
  }
  // It is no mistake of the text's, which has been applied: the next plan evaluates all of it.
  const pg::TableOwnerScope as_owner("settled");
  (void)pg::write("DELETE FROM pgschema.settled WHERE schemas = $1::name[] AND role = $2", {schemas, caller});
}

}  // namespace pgschema::shadow
