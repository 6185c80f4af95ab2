#include "plan/changes.hpp"

#include <algorithm>

#include "kinds/registry.hpp"
#include "kinds/tree.hpp"
#include "model/failure.hpp"

namespace pgschema::plan {

namespace {

constexpr std::size_t kLongestValue = 40;

/// Told in the line of the object that it belongs to.
bool told_by_parent(const Object& object) {
  return object.id.kind == Kind::kColumn && !is_table(object.parent.kind) && object.parent.kind != Kind::kComposite;
}

bool is_short(const std::string& value) {
  return value.size() <= kLongestValue && value.find('\n') == std::string::npos;
}

/// "type integer -> bigint", or the attribute's name alone where the values are long.
std::string attribute_change(const Object& before, const Object& after, const std::string& name) {
  const std::string &was = before.get(name), &is = after.get(name);
  if (!is_short(was) || !is_short(is)) return name;
  const std::string label = name == "type" ? "" : cat(name, " ");
  if (was.empty()) return cat(label, is);
  if (is.empty()) return cat(label, was, " -> none");
  return cat(label, was, " -> ", is);
}

class Lines {
 public:
  Lines(const Request& request, const Moves& moves) : request_(request), moves_(moves) {}

  std::vector<ChangeLine> run(const std::vector<diff::Difference>& differences) {
    std::set<ObjectId> said;  // some are more than one statement
    for (const auto& rename : request_.renames)
      if (said.insert(rename.to).second) out_.push_back({'~', rename.to, cat("renamed from ", rename.from.identity)});
    for (const auto& difference : differences) {
      if (difference.what == diff::What::kAltered)
        altered(difference);
      else
        came_or_went(difference);
    }
    return std::move(out_);
  }

 private:
  bool speaks_of(const ObjectId& id) const {
    return request_.named.count(request_.desired.root(id)) || request_.named.count(request_.live.root(id));
  }

  void came_or_went(const diff::Difference& difference) {
    const bool came = difference.what == diff::What::kCreated;
    const Snapshot& in = came ? request_.desired : request_.live;
    const Snapshot& other = came ? request_.live : request_.desired;
    const Object& object = in.objects.at(difference.id);
    if (object.parent && !other.has(object.parent)) return;  // with its object
    if (told_by_parent(object) || told_by_origin(object, in, other)) return;
    if (object.id.kind == Kind::kContents || object.id.kind == Kind::kOwnedBy ||
        object.id.kind == Kind::kIdentitySequence)
      return;
    out_.push_back({came ? '+' : '-', difference.id, text_of(object)});
  }

  /// Came or went with the same of the table above.
  static bool told_by_origin(const Object& object, const Snapshot& in, const Snapshot& other) {
    if (object.id.kind == Kind::kInheritance && !is_table(object.parent.kind)) return true;
    if (!kinds::is_inherited(object) && !in.has(kinds::inheritance_of(object.id))) return false;
    for (const auto& origin : kinds::origins_of(object, in))
      if (!other.has(origin) && !is_table(object.id.kind)) return true;
    return object.id.kind == Kind::kTrigger && !object.fact("from").empty();
  }

  static std::string text_of(const Object& object) {
    if (object.id.kind == Kind::kInheritance) {
      std::string parents;
      for (const char c : object.get("of")) parents += c == '\n' ? std::string(", ") : std::string(1, c);
      return object.has("bound") ? cat("partition of ", parents, " ", object.get("bound")) : cat("from ", parents);
    }
    if (object.id.kind == Kind::kColumn) return object.get("type");
    if (object.id.kind == Kind::kPrivilege) return object.get("privileges");
    return "";
  }

  void altered(const diff::Difference& difference) {
    const Object& before = request_.live.objects.at(difference.id);
    const Object& after = request_.desired.objects.at(difference.id);
    const bool replaced = moves_.altered.count(difference.id) && !moves_.altered.at(difference.id).commands.empty();
    if ((!speaks_of(difference.id) && !replaced) || told_by_parent(after)) return;
    if (!replaced && !moves_.down.count(difference.id) && (after.has("inherited") || before.has("inherited"))) return;
    if (difference.id.kind == Kind::kInheritance) {
      out_.push_back({'~', difference.id, text_of(after)});
      return;
    }
    std::string text;
    const auto say = [&](const std::string& part) { text += cat(text.empty() ? "" : "; ", part); };
    const bool columns =
        std::find(difference.attributes.begin(), difference.attributes.end(), "columns") != difference.attributes.end();
    if (columns) say(column_changes(difference.id));
    for (const auto& name : difference.attributes) {
      if (name == "columns") continue;
      if (name == "definition" && columns) continue;
      say(attribute_change(before, after, name));
    }
    const bool in_place = !moves_.down.count(difference.id);
    if (in_place &&
        (after.id.kind == Kind::kView || after.id.kind == Kind::kFunction || after.id.kind == Kind::kProcedure))
      text += " (replaced, nothing rebuilt)";
    out_.push_back({'~', difference.id, std::move(text)});
  }

  /// "prio integer -> bigint; + area_id after prio; - note"
  std::string column_changes(const ObjectId& relation) const {
    std::string out;
    const auto say = [&](const std::string& part) { out += cat(out.empty() ? "" : "; ", part); };
    std::string previous;
    const auto& before = request_.live.children(relation);
    const auto& after = request_.desired.children(relation);
    for (const auto& id : after) {
      if (id.kind != Kind::kColumn) continue;
      const Object& column = request_.desired.objects.at(id);
      const Object* was = request_.live.find(id);
      if (!was)
        say(cat("+ ", column.name, previous.empty() ? " first" : cat(" after ", previous)));
      else if (was->get("type") != column.get("type"))
        say(cat(column.name, " ", was->get("type"), " -> ", column.get("type")));
      else if (was->get("collation") != column.get("collation"))
        say(cat(column.name, " collation"));
      previous = column.name;
    }
    for (const auto& id : before)
      if (id.kind == Kind::kColumn && !request_.desired.has(id)) say(cat("- ", request_.live.objects.at(id).name));
    return out.empty() ? "order of columns" : out;
  }

  const Request& request_;
  const Moves& moves_;
  std::vector<ChangeLine> out_;
};

}  // namespace

std::vector<std::pair<ObjectId, ObjectId>> possible_renames(const Request& request,
                                                            const std::vector<diff::Difference>& differences) {
  std::vector<std::pair<ObjectId, ObjectId>> out;
  for (const auto& gone : differences) {
    if (gone.what != diff::What::kDropped || gone.id.kind != Kind::kColumn) continue;
    const Object& before = request.live.objects.at(gone.id);
    if (!request.desired.has(before.parent)) continue;
    for (const auto& come : differences) {
      if (come.what != diff::What::kCreated || come.id.kind != Kind::kColumn) continue;
      const Object& after = request.desired.objects.at(come.id);
      if (after.parent == before.parent && after.get("type") == before.get("type")) out.emplace_back(gone.id, come.id);
    }
  }
  return out;
}

std::vector<ChangeLine> change_lines(const Request& request, const Moves& moves,
                                     const std::vector<diff::Difference>& differences) {
  return Lines(request, moves).run(differences);
}

}  // namespace pgschema::plan
