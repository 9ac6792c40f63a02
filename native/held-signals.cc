#include "held-signals.h"

#include <ATen/Parallel.h>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace laurel {
namespace {

sigset_t asynchronous() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&signals, fault);
  return signals;
}

// Every thread of the team once. It is asked anew each time: libgomp ends threads when a smaller team follows, and starts
// others for the next, with the signals of whoever starts them.
void holdOnTeam(const sigset_t& signals) {
#ifdef _OPENMP
  if (at::get_num_threads() == 1 || at::in_parallel_region()) return;
#pragma omp parallel
  {
    thread_local bool isHeld = false;
    if (omp_get_thread_num() > 0 && !isHeld) {
      pthread_sigmask(SIG_BLOCK, &signals, nullptr);
      isHeld = true;
    }
  }
#endif
}

}  // namespace

HeldSignals::HeldSignals() {
  static const sigset_t signals = asynchronous();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  holdOnTeam(signals);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace laurel
