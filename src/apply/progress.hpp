// How far an apply is, for pgschema.progress: told by advisory locks of a kind that SQL cannot take, whose numbers pg_locks
// shows to everybody. (Rows would be seen at the end only, and shared memory takes a preloaded library.)
#pragma once

#include <cstdint>

namespace pgschema::apply {

class Progress {
 public:
  Progress(std::uint32_t phase, std::uint32_t phases, std::uint32_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The step that begins now.
  void step(std::uint32_t number);

 private:
  void forget_step();

  const std::uint32_t phase_, phases_, steps_;
  std::uint32_t step_ = 0, since_ = 0;
};

}  // namespace pgschema::apply
