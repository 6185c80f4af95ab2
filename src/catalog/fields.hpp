#pragma once

#include <vector>

#include "model/object.hpp"

namespace pgschema::catalog {

/// What the attributes and facts of one object are put together in.
class Fields {
 public:
  void set(std::string_view name, SharedText value) {
    attributes_.push_back({&Attributes::name(name), std::move(value)});
  }
  void fact(std::string_view name, SharedText value) { facts_.push_back({&Attributes::name(name), std::move(value)}); }
  void finish(Object& object) {
    object.attributes = Attributes(attributes_);
    object.facts = Attributes(facts_);
  }

 private:
  std::vector<Attributes::Entry> attributes_, facts_;
};

}  // namespace pgschema::catalog
