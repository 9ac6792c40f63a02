// Threads that go through the same code side by side, and wait for each other where one needs what others make.
#pragma once

#include <ATen/Parallel.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "panels.h"

namespace laurel {

// A thread's place among them. Alone it never waits.
struct Team {
  int64_t index = 0, size = 1;

  // Its share of neighbours: as many as the others have, or one more.
  Range share(const Range& all) const {
    return {all.begin + all.size() * index / size, all.begin + all.size() * (index + 1) / size};
  }

  // Until all are here.
  void wait() const {
#ifdef _OPENMP
    if (size > 1) {
#pragma omp barrier
    }
#endif
  }
};

// Lets all threads do `work`, each with its place, or this one alone: a team of a size between would end some threads,
// which libgomp starts anew for the next. `work` must not throw.
template <typename Work>
void together(bool all, const Work& work) {
#ifdef _OPENMP
  if (all && at::get_num_threads() > 1 && !at::in_parallel_region()) {
#pragma omp parallel
    work(Team{omp_get_thread_num(), omp_get_num_threads()});
    return;
  }
#endif
  work(Team{});
}

}  // namespace laurel
