// A JSON text in the making. Keys come in the order in which they are written.
#pragma once

#include <string>
#include <string_view>

namespace pgschema::plan {

class Json {
 public:
  Json& open(char bracket);  // { or [
  Json& close();
  Json& key(std::string_view name);
  Json& text(std::string_view value);
  Json& number(long value);
  Json& truth(bool value);
  Json& null();

  const std::string& str() const { return out_; }

 private:
  void item();

  std::string out_, brackets_;
  bool first_ = true, after_key_ = false;
};

}  // namespace pgschema::plan
