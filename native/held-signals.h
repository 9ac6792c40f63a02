// Keeps signals away from code that cannot be interrupted.
#pragma once

#include <csignal>

namespace laurel {

// Holds asynchronous signals back from this thread, and from the OpenMP threads that it works with, until destroyed;
// those of faults (SIGSEGV and the like) still arrive. What was sent meanwhile arrives afterwards. OpenMP's threads,
// which handle none, stay without signals.
//
// For oneDNN before 3.11.2: its product of small matrices keeps the address of a buffer of the heap in the stack
// pointer, so that a signal's frame, of up to 3.5 KB, overwrites whatever lies below (uxlfoundation/oneDNN#4845).
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace laurel
