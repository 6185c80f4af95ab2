// That a table is a partition of another or inherits from others, and that an index is a part of the parent's.
#include <algorithm>
#include <utility>

#include "kinds/families.hpp"
#include "kinds/registry.hpp"
#include "kinds/text.hpp"
#include "kinds/tree.hpp"

namespace pgschema::kinds {

namespace {

class InheritanceWriter final : public Writer {
 public:
  std::vector<Command> create(const Object& inheritance, const Snapshot& in) const override {
    const Object& child = in.objects.at(inheritance.parent);
    if (!is_table(child.id.kind))
      return {
          {cat("ALTER INDEX ", inheritance.get("of"), " ATTACH PARTITION ", index_name(child)), "ALTER INDEX", {}, {}}};
    if (inheritance.has("bound"))
      return {{cat("ALTER TABLE ", inheritance.get("of"), " ATTACH PARTITION ", child.id.identity, " ",
                   inheritance.get("bound")),
               "ALTER TABLE",
               cat("ShareUpdateExclusiveLock ", inheritance.get("of"), ", AccessExclusiveLock ", child.id.identity),
               {}}};
    std::vector<Command> out;
    for (const auto& parent : lines(inheritance.get("of"))) out.push_back(inherit(child, " INHERIT ", parent));
    return out;
  }

  /// An index is detached by nothing but DROP.
  std::vector<Command> drop(const Object& inheritance, const Snapshot& in) const override {
    const Object& child = in.objects.at(inheritance.parent);
    if (!is_table(child.id.kind)) return {};
    if (inheritance.has("bound")) {
      Command out{cat("ALTER TABLE ", inheritance.get("of"), " DETACH PARTITION ", child.id.identity),
                  "ALTER TABLE",
                  cat("AccessExclusiveLock ", inheritance.get("of"), ", AccessExclusiveLock ", child.id.identity),
                  {}};
      if (inheritance.has("detaching")) {
        out.shadow = Command::Shadow::kOther;
        out.other = std::exchange(out.sql, cat(out.sql, " FINALIZE"));
        out.lock = cat("ShareUpdateExclusiveLock ", inheritance.get("of"), ", AccessExclusiveLock ", child.id.identity);
      }
      return {std::move(out)};
    }
    std::vector<Command> out;
    for (const auto& parent : lines(inheritance.get("of"))) out.push_back(inherit(child, " NO INHERIT ", parent));
    return out;
  }

  /// A parent more at the end, or any parent less, is said alone. A bound is changed by nothing but taking the
  /// partition out and in again.
  std::optional<Alteration> alter(const Change& change) const override {
    const Object& child = change.desired.objects.at(change.after.parent);
    if (!is_table(child.id.kind) || change.before.has("bound") || change.after.has("bound")) return std::nullopt;
    const auto before = lines(change.before.get("of")), after = lines(change.after.get("of"));
    if (becomes_own(change, after)) return std::nullopt;
    std::vector<std::string> left;
    Alteration out;
    for (const auto& parent : before) {
      if (std::find(after.begin(), after.end(), parent) != after.end())
        left.push_back(parent);
      else
        out.commands.push_back(inherit(child, " NO INHERIT ", parent));
    }
    if (left.size() > after.size() || !std::equal(left.begin(), left.end(), after.begin())) return std::nullopt;
    for (std::size_t i = left.size(); i < after.size(); ++i)
      out.commands.push_back(inherit(child, " INHERIT ", after[i]));
    return out;
  }

  /// Whether something that is inherited, and is to be, has no parent for a moment.
  static bool becomes_own(const Change& change, const std::vector<std::string>& parents) {
    const auto stays = [&](const ObjectId& origin) {
      const std::string parent = change.live.root(origin).identity;
      return std::find(parents.begin(), parents.end(), parent) != parents.end();
    };
    for (const auto& id : change.live.children(change.before.parent)) {
      const Object &was = change.live.objects.at(id), *is = change.desired.find(id);
      if (!is || was.get("inherited") != "yes" || is->get("inherited") != "yes") continue;
      const auto origins = origins_of(was, change.live);
      if (std::none_of(origins.begin(), origins.end(), stays)) return true;
    }
    return false;
  }

  /// What is inherited becomes the table's own with NO INHERIT, and stays that.
  bool can_step_aside(const Object& inheritance, const Snapshot&) const override {
    return inheritance.has("bound") || !is_table(inheritance.parent.kind);
  }

  std::vector<Danger> create_dangers(const Object& inheritance, const Snapshot& in) const override {
    const Object& child = in.objects.at(inheritance.parent);
    if (!inheritance.has("bound") || !is_table(child.id.kind)) return {};
    const std::string what = cat(describe(child.id), " is attached to ", inheritance.get("of"), ": every row is read");
    return {{Hazard::kBlocking, what}, {Hazard::kDataDependent, what}};
  }

  std::vector<Danger> drop_dangers(const Object& inheritance, const Snapshot& in) const override {
    const Object& child = in.objects.at(inheritance.parent);
    if (!is_table(child.id.kind)) return {};
    std::string parents;
    for (const auto& parent : lines(inheritance.get("of"))) parents += cat(parents.empty() ? "" : ", ", parent);
    return {{Hazard::kBreaking, cat("rows of ", describe(child.id), " are no longer rows of ", parents)}};
  }

 private:
  static Command inherit(const Object& child, std::string_view words, const std::string& parent) {
    return {cat(alter_relation(child), words, parent),
            tag("ALTER", keyword(child.id.kind)),
            cat("AccessExclusiveLock ", child.id.identity, ", ShareUpdateExclusiveLock ", parent),
            {}};
  }

  /// The index of a constraint has the constraint's name, in the schema of the table.
  static std::string index_name(const Object& child) { return cat(child.schema, ".", child.name); }

  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t start = 0; start < text.size();) {
      const auto end = std::min(text.find('\n', start), text.size());
      out.push_back(text.substr(start, end - start));
      start = end + 1;
    }
    return out;
  }
};

}  // namespace

const Writer& inheritance_writer() {
  static const InheritanceWriter writer;
  return writer;
}

}  // namespace pgschema::kinds
