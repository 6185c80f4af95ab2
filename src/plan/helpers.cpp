#include "plan/helpers.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"
#include "script/quote.hpp"

namespace pgschema::plan {

using kinds::Command;

namespace {

constexpr std::string_view kNotNull = "pgschema_not_null_", kFill = "pgschema_fill_";

/// What a helper is called, after what it is for: prefix and name, both as long as that is a name.
std::string helper_name(std::string_view prefix, const SharedText& of) {
  constexpr std::size_t kLongest = 63;  // NAMEDATALEN - 1
  std::string name = cat(prefix, script::name_of_quoted(of.text()));
  if (name.size() > kLongest) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    name = cat(prefix, std::to_string(hash));
  }
  return script::quote_identifier(name);
}

const Object* index_called(const std::string& name, const ObjectId& relation, const Snapshot& in) {
  for (const auto& id : in.children(relation))
    if (id.kind == Kind::kIndex && in.objects.at(id).name == name) return &in.objects.at(id);
  return nullptr;
}

/// The column may have got another name since.
bool is_called(const Object& helper, std::string_view prefix) {
  return script::name_of_quoted(helper.name.text()).starts_with(prefix);
}

const Object* filled_by(const Object& constraint, const Snapshot& in) {
  for (const auto& id : in.children(constraint.parent)) {
    const Object& column = in.objects.at(id);
    if (id.kind == Kind::kColumn && is_called(constraint, kFill) &&
        constraint.get("definition").starts_with(fill_mark(column)))
      return &column;
  }
  return nullptr;
}

/// REINDEX CONCURRENTLY that did not come to its end leaves an index that is not valid, named after the other.
bool is_left_of_reindex(const Object& index, const Snapshot& live) {
  const std::string name = script::name_of_quoted(index.name.text());
  for (const auto& id : live.children(index.parent)) {
    const bool has_index = id.kind == Kind::kIndex || id.kind == Kind::kConstraint;
    const std::string of = has_index ? script::name_of_quoted(live.objects.at(id).name.text()) : "";
    if (has_index && id != index.id && (name.starts_with(cat(of, "_ccnew")) || name.starts_with(cat(of, "_ccold"))))
      return true;
  }
  return false;
}

}  // namespace

std::optional<KeyShape> shape_of(const Object& key) {
  static constexpr std::string_view kWords[] = {"PRIMARY KEY ", "UNIQUE NULLS NOT DISTINCT ", "UNIQUE "};
  static constexpr std::string_view kTimings[] = {" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"};
  std::string_view rest = key.get("definition");
  KeyShape out;
  for (const auto& word : kWords)
    if (out.word.empty() && rest.starts_with(word)) {
      out.word = word == kWords[0] ? "PRIMARY KEY" : "UNIQUE";
      out.nulls = word == kWords[1] ? " NULLS NOT DISTINCT" : "";
      rest.remove_prefix(word.size());
    }
  for (const auto& timing : kTimings)
    if (out.timing.empty() && rest.ends_with(timing)) {
      out.timing = timing;
      rest.remove_suffix(timing.size());
    }
  // A key over periods has an index of another kind.
  if (out.word.empty() || !rest.ends_with(')') || rest.ends_with(" WITHOUT OVERLAPS)")) return {};
  out.columns = rest;
  return out;
}

std::string not_null_check_name(const Object& column) { return helper_name(kNotNull, column.name); }

std::string successor_name(const Object& index) { return helper_name("pgschema_new_", index.name); }
std::string predecessor_name(const Object& index) { return helper_name("pgschema_old_", index.name); }

std::string definition_under(const Object& index, const std::string& name) {
  std::string out = index.get("definition");
  const std::string before = cat(" INDEX ", index.name, " ON ");
  const auto at = out.find(before);
  if (at == std::string::npos) return {};
  return out.replace(at, before.size(), cat(" INDEX ", name, " ON "));
}

const Object* successor_of(const Object& index, const Snapshot& live) {
  const std::string name = successor_name(index);
  const Object* there = index_called(name, index.parent, live);
  return there && there->get("definition") == definition_under(index, name) ? there : nullptr;
}

const Object* predecessor_of(const Object& index, const Snapshot& live) {
  const Object* there = index_called(predecessor_name(index), index.parent, live);
  if (!there) return nullptr;
  for (const auto& id : live.children(there->id))
    if (id.kind == Kind::kComment && live.objects.at(id).get("text") == kReplaced) return there;
  return nullptr;
}

std::string detach_check_name(const Object& table) { return helper_name("pgschema_detach_", table.name); }

const Object* not_null_check_of(const Object& column, const Snapshot& live) {
  const std::string definition = cat("CHECK ((", column.name, " IS NOT NULL))");
  for (const auto& id : live.children(column.parent)) {
    const Object& constraint = live.objects.at(id);
    if (id.kind == Kind::kConstraint && is_called(constraint, kNotNull) &&
        constraint.get("definition").starts_with(definition))
      return &constraint;
  }
  return nullptr;
}

const Object* index_of(const Object& key, const Snapshot& live) {
  const auto shape = shape_of(key);
  if (!shape) return nullptr;
  for (const auto& id : live.children(key.parent)) {
    const Object& index = live.objects.at(id);
    if (id.kind != Kind::kIndex || (index.name != key.name && index.name != successor_name(key))) continue;
    const std::string definition = cat("CREATE UNIQUE INDEX ", index.name, " ON ", key.parent.identity, " USING btree ",
                                       shape->columns, shape->nulls);
    const std::string& is = index.get("definition");
    if (is == definition || is.starts_with(cat(definition, " WITH ")) ||
        is.starts_with(cat(definition, " TABLESPACE ")))
      return &index;
  }
  return nullptr;
}

std::string name_to_build(const Object& key, const Snapshot& live) {
  return live.has(key.id) || index_called(key.name.text(), key.parent, live) ? successor_name(key) : key.name.text();
}

std::string fill_mark_name(const Object& column) { return helper_name(kFill, column.name); }

std::string fill_mark(const Object& column) {
  return cat("CHECK (((", column.name, " IS NULL) OR (", column.name, " IS NOT NULL)))");
}

Command fill_with_default(const Object& column, std::string lock) {
  const std::string& table = column.parent.identity;
  Command out{cat("UPDATE ", table, " SET ", column.name, " = DEFAULT WHERE ", column.name, " IS NULL"),
              "UPDATE",
              std::move(lock),
              {}};
  out.shadow = Command::Shadow::kAnalyze;
  out.relation = table;
  return out;
}

void forget_helpers(Snapshot& desired, const Snapshot& live, const std::set<ObjectId>* invalid_before) {
  std::vector<ObjectId> gone;
  const auto forget = [&](const ObjectId& helper) {
    if (desired.has(helper))
      for (const auto& member : desired.family(helper)) gone.push_back(member);
  };
  for (const auto& [id, column] : live.objects) {
    const Object* wanted = id.kind == Kind::kColumn ? desired.find(id) : nullptr;
    if (!wanted || column.has("not_null") || !wanted->has("not_null")) continue;
    const Object* helper = not_null_check_of(column, live);
    if (helper) forget(helper->id);
  }
  for (const auto& [id, constraint] : live.objects)
    if (const Object* column = id.kind == Kind::kConstraint ? filled_by(constraint, live) : nullptr;
        column && desired.has(column->id))
      forget(id);
  for (const auto& [id, table] : live.objects) {
    if (id.kind != Kind::kTable || desired.has(kinds::inheritance_of(id))) continue;
    const std::string name = detach_check_name(table);
    for (const auto& child : live.children(id))
      if (child.kind == Kind::kConstraint && live.objects.at(child).name == name) forget(child);
  }
  for (const auto& [id, index] : live.objects)
    if (invalid_before && id.kind == Kind::kIndex && index.has("validity") && !invalid_before->count(id) &&
        is_left_of_reindex(index, live))
      forget(id);
  for (const auto& [id, index] : desired.objects) {
    const Object* before = live.find(id);
    const bool same = before && before->get("definition") == index.get("definition");
    if (id.kind == Kind::kConstraint && !same)
      if (const Object* helper = index_of(index, live)) forget(helper->id);
    if (id.kind != Kind::kIndex) continue;
    if (const Object* helper = same ? predecessor_of(index, live) : successor_of(index, live)) forget(helper->id);
  }
  if (gone.empty()) return;
  for (const auto& id : gone) desired.objects.erase(id);
  desired.finish();
}

void complete_fills(Plan& plan, const Request& request) {
  std::vector<Step> fills;
  for (const auto& step : plan.steps) {
    const Object* mark = step.drops && step.object.kind == Kind::kConstraint ? request.live.find(step.object) : nullptr;
    const Object* column = mark ? filled_by(*mark, request.live) : nullptr;
    if (!column || !request.desired.has(column->id)) continue;
    Step fill = step;
    fill.drops = false;
    fill.action = Action::kAlter;
    fill.dangers.clear();
    fill.object = column->id;
    fill.command = fill_with_default(*column, cat("RowExclusiveLock ", column->parent.identity));
    fills.push_back(std::move(fill));
  }
  if (fills.empty()) return;
  const auto first = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [](const Step& step) { return step.action != Action::kRename; });
  plan.steps.insert(first, fills.begin(), fills.end());
  int number = 0;
  for (auto& step : plan.steps) step.number = ++number;
}

}  // namespace pgschema::plan
