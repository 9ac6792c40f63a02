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

// Once for each thread that starts teams, and again when their size changes: libgomp keeps a team's threads.
void holdOnTeam(const sigset_t& signals) {
#ifdef _OPENMP
  thread_local int held = 1;
  const int threads = at::in_parallel_region() ? 1 : omp_get_max_threads();
  if (threads == held || threads == 1) return;
#pragma omp parallel num_threads(threads)
  {
    if (omp_get_thread_num() > 0) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }
  held = threads;
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
