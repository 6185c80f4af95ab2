#include "shadow/goal.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "model/failure.hpp"

namespace pgschema::shadow {

namespace {

/// Texts one after the other; lists behind their length.
class Written {
 public:
  void text(const std::string& value) { out_.push_back(value); }
  void count(std::size_t value) { text(std::to_string(value)); }
  void id(const ObjectId& value) {
    text(value ? kinds::stored_name(value.kind) : "");
    text(value.identity);
  }
  void attributes(const Attributes& values) {
    std::size_t number = 0;
    for ([[maybe_unused]] const auto& [name, value] : values) ++number;
    count(number);
    for (const auto& [name, value] : values) {
      text(name);
      text(value);
    }
  }
  std::vector<std::string> take() { return std::move(out_); }

 private:
  std::vector<std::string> out_;
};

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& texts) : texts_(texts) {}

  const std::string& text() {
    if (at_ == texts_.size()) fail();
    return texts_[at_++];
  }
  std::size_t count() {
    const std::string& written = text();
    if (written.empty() || written.size() > 9 || written.find_first_not_of("0123456789") != std::string::npos) fail();
    return std::stoul(written);
  }
  ObjectId id() {
    const std::string& kind = text();
    const std::string& identity = text();
    if (kind.empty()) return {};
    return {kinds::kind_stored_as(kind), identity};
  }
  Attributes attributes() {
    Attributes out;
    for (std::size_t left = count(); left > 0; --left) {
      const std::string& name = text();
      out[name] = text();
    }
    return out;
  }
  void end() const {
    if (at_ != texts_.size()) fail();
  }
  [[noreturn]] static void fail() {
    throw Failure(sqlstate::kInternal, "what an apply was to lead to cannot be read").hint("Please report this.");
  }

 private:
  const std::vector<std::string>& texts_;
  std::size_t at_ = 0;
};

}  // namespace

bool Goal::fits(const Snapshot& live) const {
  std::set<ObjectId> made;
  for (const auto& change : changes)
    if (change.what == diff::What::kCreated) made.insert(change.object.id);
  return std::all_of(changes.begin(), changes.end(), [&](const Change& change) {
    if (change.what == diff::What::kDropped) return true;
    const ObjectId& parent = change.object.parent;
    if (parent && !live.has(parent) && !made.count(parent)) return false;
    return change.what == diff::What::kCreated || live.has(change.object.id);
  });
}

Goal Goal::rest(const Snapshot& live) const {
  Goal out = *this;
  std::erase_if(out.changes, [&](const Change& change) {
    const Object* is = live.find(change.object.id);
    if (change.what == diff::What::kDropped) return is == nullptr;
    if (!is) return false;
    if (change.what == diff::What::kCreated) return is->attributes == change.object.attributes;
    return std::all_of(change.attributes.begin(), change.attributes.end(), [&](const std::string& name) {
      return is->has(name) == change.object.has(name) && is->get(name) == change.object.get(name);
    });
  });
  return out;
}

Snapshot Goal::desired_for(const Snapshot& live) const {
  Snapshot out;
  std::set<ObjectId> gone, own_needs;
  std::map<ObjectId, const Change*> changed;
  for (const auto& change : changes) {
    if (change.what == diff::What::kDropped) {
      if (live.has(change.object.id))
        for (const auto& member : live.family(change.object.id)) gone.insert(member);
    } else {
      changed.emplace(change.object.id, &change);
      own_needs.insert(change.object.id);
    }
  }
  for (const auto& [id, object] : live.objects) {
    if (gone.count(id)) continue;
    const auto found = changed.find(id);
    if (found == changed.end() || found->second->what == diff::What::kCreated) {
      if (found == changed.end()) out.add(object);
      continue;
    }
    Object altered = object;
    for (const auto& name : found->second->attributes) {
      const SharedText* value = found->second->object.attributes.find(name);
      if (value)
        altered.attributes[name] = *value;
      else
        altered.attributes.erase(name);
    }
    altered.facts = found->second->object.facts;
    out.add(std::move(altered));
  }
  for (const auto& change : changes)
    if (change.what == diff::What::kCreated) out.add(change.object);
  for (const auto& edge : live.dependencies())
    if (!gone.count(edge.from) && !own_needs.count(edge.from)) out.depend(edge.from, edge.to, edge.type);
  for (const auto& change : changes)
    if (out.has(change.object.id))
      for (const auto& need : change.needs) out.depend(need.from, need.to, need.type);
  out.finish();
  return out;
}

std::set<ObjectId> Goal::roots() const {
  std::set<ObjectId> out = named;
  for (const auto& change : changes)
    if (!change.object.parent) out.insert(change.object.id);
  return out;
}

std::vector<std::string> Goal::referenced() const {
  std::vector<std::string> out;
  for (const auto& change : changes)
    if (change.what != diff::What::kDropped && change.object.id.kind == Kind::kConstraint &&
        !change.object.fact("references").empty())
      out.push_back(change.object.fact("references"));
  return out;
}

std::vector<std::string> Goal::texts() const {
  Written out;
  out.count(changes.size());
  for (const auto& change : changes) {
    out.count(static_cast<std::size_t>(change.what));
    out.id(change.object.id);
    out.id(change.object.parent);
    out.text(change.object.schema);
    out.text(change.object.name);
    out.attributes(change.object.attributes);
    out.attributes(change.object.facts);
    out.count(change.attributes.size());
    for (const auto& name : change.attributes) out.text(name);
    out.count(change.needs.size());
    for (const auto& need : change.needs) {
      out.id(need.to);
      out.text(std::string(1, need.type));
    }
  }
  out.count(named.size());
  for (const auto& id : named) out.id(id);
  out.count(renames.size());
  for (const auto& rename : renames) {
    out.id(rename.from);
    out.id(rename.to);
    out.text(rename.statement);
  }
  out.count(invalid.size());
  for (const auto& id : invalid) out.id(id);
  out.count(values_becoming.size());
  for (const auto& [type, values] : values_becoming) {
    out.id(type);
    out.count(values.size());
    for (const auto& [from, to] : values) {
      out.text(from);
      out.text(to);
    }
  }
  return out.take();
}

Goal Goal::of(const std::vector<std::string>& texts) {
  Reader in(texts);
  Goal out;
  for (std::size_t left = in.count(); left > 0; --left) {
    Change change;
    const std::size_t what = in.count();
    if (what > static_cast<std::size_t>(diff::What::kAltered)) Reader::fail();
    change.what = static_cast<diff::What>(what);
    change.object.id = in.id();
    change.object.parent = in.id();
    change.object.schema = in.text();
    change.object.name = in.text();
    change.object.attributes = in.attributes();
    change.object.facts = in.attributes();
    for (std::size_t names = in.count(); names > 0; --names) change.attributes.push_back(in.text());
    for (std::size_t needs = in.count(); needs > 0; --needs) {
      const ObjectId to = in.id();
      const std::string& type = in.text();
      if (type.size() != 1) Reader::fail();
      change.needs.push_back({change.object.id, to, type.front()});
    }
    out.changes.push_back(std::move(change));
  }
  for (std::size_t left = in.count(); left > 0; --left) out.named.insert(in.id());
  for (std::size_t left = in.count(); left > 0; --left) {
    const ObjectId from = in.id(), to = in.id();
    out.renames.push_back({from, to, in.text()});
  }
  for (std::size_t left = in.count(); left > 0; --left) out.invalid.insert(in.id());
  for (std::size_t left = in.count(); left > 0; --left) {
    auto& values = out.values_becoming[in.id()];
    for (std::size_t pairs = in.count(); pairs > 0; --pairs) {
      const std::string& from = in.text();
      values.emplace(from, in.text());
    }
  }
  in.end();
  return out;
}

bool means_something_once(const Text& text) {
  std::set<ObjectId> defined;
  for (const auto& statement : text.statements)
    if (statement.meaning.purpose == script::Purpose::kDefine)
      defined.insert(statement.ids.begin(), statement.ids.end());
  return std::any_of(text.statements.begin(), text.statements.end(), [&](const TextStatement& statement) {
    const Node* tree = statement.tree->stmt;
    const bool of_others = std::any_of(statement.ids.begin(), statement.ids.end(),
                                       [&](const ObjectId& id) { return !defined.count(id); }) ||
                           statement.ids.empty();
    switch (statement.meaning.purpose) {
      case script::Purpose::kRename: return true;
      case script::Purpose::kDrop:
        return of_others && !(IsA(tree, DropStmt) && reinterpret_cast<const DropStmt*>(tree)->missing_ok);
      case script::Purpose::kRefine:
        return of_others && statement.meaning.tag.starts_with("ALTER ") && !IsA(tree, AlterOwnerStmt) &&
               !IsA(tree, AlterDefaultPrivilegesStmt);
      default: return false;
    }
  });
}

Goal goal_of(const plan::Request& request) {
  Goal out;
  for (const auto& difference : diff::diff(request.live, request.desired)) {
    const Snapshot& in = difference.what == diff::What::kDropped ? request.live : request.desired;
    const auto needs = in.needs(difference.id);
    out.changes.push_back(
        {difference.what, in.objects.at(difference.id), difference.attributes, {needs.begin(), needs.end()}});
  }
  out.named = request.named;
  for (const auto& rename : request.renames) out.renames.push_back({rename.from, rename.to, rename.command.sql});
  for (const auto& [id, object] : request.live.objects)
    if (id.kind == Kind::kIndex && object.has("validity")) out.invalid.insert(id);
  out.values_becoming = request.replaced_enums;
  return out;
}

}  // namespace pgschema::shadow
