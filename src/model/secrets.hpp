// model: what a text says and nobody is to read: the options of user mappings, the connections of subscriptions.
//
// While a plan is made and run, each secret has a stand-in of no meaning: in the desired state, in the model, in every
// statement. It becomes the secret in the parse tree of a statement at the moment when that is run (pg/statement.cpp), and
// the mask in everything that is shown or kept. So a place that forgets to mask shows a stand-in, and never a secret.
//
//     const Secrets secrets;                       // for the time of a call
//     const auto text = stand_in_for("hunter2");            // "(5f0e99c1a3d2000001)"
//     masked("PASSWORD '" + text + "'");                    // "PASSWORD '(masked by pgschema)'"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgschema {

/// Stands for a secret in everything that is shown or kept; as long as a stand-in, so that positions stay true. In a desired
/// state it means: as it is.
inline constexpr std::string_view kMasked = "(masked by pgschema)";

/// The secrets of a call. One inside another (an event trigger plans) has its own.
class Secrets {
 public:
  Secrets();
  ~Secrets();
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

 private:
  friend std::string stand_in_for(std::string_view secret);
  friend const std::string* secret_behind(std::string_view stand_in);

  Secrets* outer_;
  std::vector<std::string> values_;
};

/// Random bits by which stand-ins are known from everything else that a text may say. Once for the process, before the first.
void begin_secrets(std::uint64_t random);
bool secrets_begun();

/// The same for the same secret. The mask where there are no Secrets.
std::string stand_in_for(std::string_view secret);
/// Nothing for what is no stand-in of the call at hand.
const std::string* secret_behind(std::string_view stand_in);

/// The text with the mask in the place of every stand-in.
std::string masked(std::string text);
void mask(char* text);
/// Whether it holds a stand-in, or the mask.
bool has_secrets(std::string_view text);
/// The stand-ins that a text holds, in order.
std::vector<std::string> stand_ins_in(const std::string& text);

}  // namespace pgschema
