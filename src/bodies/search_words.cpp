#include "bodies/search_words.hpp"

#include <algorithm>

#include "kinds/families.hpp"
#include "script/quote.hpp"

namespace pgschema::bodies {

namespace {

std::string name_of(const Object* object, const ObjectId& id) {
  std::string name = object ? object->name.text() : id.identity.text();
  if (!object) {
    name.resize(std::min(name.find('('), name.size()));
    name = script::last_part(name);
  }
  return script::name_of_quoted(name);
}

/// As a body has them between its quotes.
void add_values(const Object& type, const Object* left, std::set<std::string>& out) {
  const auto stay = left ? kinds::labels_of(*left) : std::vector<std::string>();
  for (const auto& label : kinds::labels_of(type))
    if (std::find(stay.begin(), stay.end(), label) == stay.end()) out.insert(label.substr(1, label.size() - 2));
}

}  // namespace

std::optional<std::vector<std::string>> words_for(const std::set<ObjectId>& objects, const Snapshot& before,
                                                  const Snapshot& after) {
  std::set<std::string> words;
  for (const auto& id : objects) {
    if (id.kind == Kind::kCast) return {};
    const Object* object = before.has(id) ? before.find(id) : after.find(id);
    words.insert(name_of(object, id));
    if (!object) continue;
    if (const Snapshot& in = before.has(id) ? before : after; id.kind == Kind::kColumn)
      words.insert(name_of(in.find(object->parent), object->parent));
    if (id.kind == Kind::kEnum && before.has(id)) add_values(*object, after.find(id), words);
  }
  words.erase("");
  return std::vector<std::string>(words.begin(), words.end());
}

}  // namespace pgschema::bodies
