#include "shadow/turns.hpp"

#include <algorithm>

#include "kinds/tree.hpp"
#include "shadow/parts.hpp"

namespace pgschema::shadow {

namespace {

using script::Purpose;

template <typename ByObject>
const std::set<std::size_t>& open(const ByObject& items, const ObjectId& id) {
  static const auto* none = new std::set<std::size_t>();
  const auto found = items.find(id);
  return found == items.end() ? *none : found->second;
}

/// CREATE INDEX takes the indexes of partitions that fit as its parts, when they are there.
bool is_part_of(const Item& item, const TextStatement& statement, const Snapshot& live) {
  const auto origins = kinds::origins_of(live.objects.at(item.object), live);
  return std::any_of(origins.begin(), origins.end(),
                     [&](const ObjectId& id) { return defines_part(statement.meaning, live.objects.at(id)); });
}

}  // namespace

void Turns::index() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!items_[i].text) {
      returning_[live_.root(items_[i].object)].push_back(i);
      if (items_[i].of_tree) of_tree_.push_back(i);
      continue;
    }
    for (const auto& id : items_[i].roots) {
      statements_[id].insert(i);
      first_definition_.emplace(id, items_.size());
      if (items_[i].text->meaning.purpose != Purpose::kDefine) continue;
      definitions_[id].insert(i);
      first_definition_[id] = std::min(first_definition_[id], i);
    }
  }
}

bool Turns::must_wait(std::size_t index) const {
  const Item& item = items_[index];
  if (item.text)
    return waits_for_text(index) || (item.text->meaning.purpose != Purpose::kDefine && waits_for_what_returns(item));
  if (item.setting) return setting_must_wait(item);
  const ObjectId own = live_.root(item.object);
  if (defined_.count(own)) return !open(definitions_, own).empty();
  return std::any_of(item.roots.begin(), item.roots.end(), [&](const ObjectId& id) {
    const auto& statements = open(statements_, id);
    return std::any_of(statements.begin(), statements.end(),
                       [&](std::size_t i) { return !items_[i].roots.count(own); });
  });
}

void Turns::finish(Item& item) {
  item.done = true;
  if (!item.text) return;
  const auto index = static_cast<std::size_t>(&item - items_.data());
  for (const auto& id : item.roots)
    for (ByObject* items : {&statements_, &definitions_})
      if (const auto found = items->find(id); found != items->end()) found->second.erase(index);
}

void Turns::take_back(Item& item) {
  item.done = false;
  if (!item.text) return;
  const auto index = static_cast<std::size_t>(&item - items_.data());
  for (const auto& id : item.roots) {
    statements_[id].insert(index);
    if (item.text->meaning.purpose == Purpose::kDefine) definitions_[id].insert(index);
  }
}

/// In the order of the text, but for a definition: it may stand behind what it says nothing about.
bool Turns::waits_for_text(std::size_t index) const {
  const auto adds = [&](std::size_t i) {
    const Purpose purpose = items_[i].text->meaning.purpose;
    return purpose == Purpose::kDefinePart || purpose == Purpose::kRefine;
  };
  const bool defines = items_[index].text->meaning.purpose == Purpose::kDefine;
  for (const auto& id : items_[index].roots) {
    for (const std::size_t other : open(statements_, id)) {
      if (other >= index) break;
      if (!defines || !adds(other)) return true;
    }
    const auto& definitions = open(definitions_, id);
    const bool defined_before = first_definition_.at(id) < index;
    if (adds(index) && !defined_before && definitions.upper_bound(index) != definitions.end()) return true;
  }
  return false;
}

bool Turns::waits_for_what_returns(const Item& statement) const {
  const auto open_part = [&](std::size_t i) {
    return !items_[i].done && !items_[i].asleep && !items_[i].error && is_part_of(items_[i], *statement.text, live_);
  };
  if (statement.text->meaning.purpose == Purpose::kDefinePart &&
      std::any_of(of_tree_.begin(), of_tree_.end(), open_part))
    return true;
  const auto comes_first = [&](const Item& other) {
    if (other.done || other.asleep || other.error) return false;
    if (other.setting) return statement.text->meaning.purpose == Purpose::kRefine && !setting_must_wait(other);
    return defined_.count(live_.root(other.object)) != 0 || !live_.objects.at(other.object).parent;
  };
  return std::any_of(statement.roots.begin(), statement.roots.end(), [&](const ObjectId& id) {
    const auto found = returning_.find(id);
    return found != returning_.end() && std::any_of(found->second.begin(), found->second.end(),
                                                    [&](std::size_t i) { return comes_first(items_[i]); });
  });
}

/// For the definition of what it is a setting of.
bool Turns::setting_must_wait(const Item& setting) const {
  const Object& object = live_.objects.at(setting.object);
  if (!open(definitions_, live_.root(object.id)).empty()) return true;
  const auto& statements = open(statements_, object.parent);
  return std::any_of(statements.begin(), statements.end(), [&](std::size_t i) {
    const auto& meaning = items_[i].text->meaning;
    return meaning.purpose == Purpose::kDefinePart && defines_part(meaning, object);
  });
}

}  // namespace pgschema::shadow
