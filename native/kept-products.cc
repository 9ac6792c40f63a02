#include "fused.h"
#include "kept-sets.h"

#include <utility>

namespace laurel {
namespace {

at::Tensor indexOf(const std::vector<int64_t>& rows) {
  return at::tensor(at::ArrayRef<int64_t>(rows.data(), rows.size()), at::kLong);
}

at::Tensor idsOf(const Kept& kept, int64_t row) {
  const int32_t* const first = kept.ids.data() + kept.first(row);
  return indexOf(std::vector<int64_t>(first, first + kept.count(row)));
}

// x [M, K] for rows that share a set, to where their scores stand, or from there.
void scatterRows(const at::Tensor& x, const Kept& kept, const std::vector<int64_t>& rows, float* scores) {
  const float* from = x.data_ptr<float>();
  for (const int64_t row : rows) {
    std::memcpy(scores + kept.first(row), from, static_cast<size_t>(x.size(1)) * sizeof(float));
    from += x.size(1);
  }
}

at::Tensor gatherRows(const float* scores, const Kept& kept, const std::vector<int64_t>& rows) {
  const int64_t count = kept.count(rows.front());
  at::Tensor x = at::empty({static_cast<int64_t>(rows.size()), count}, at::kFloat);
  float* to = x.data_ptr<float>();
  for (const int64_t row : rows) {
    std::memcpy(to, scores + kept.first(row), static_cast<size_t>(count) * sizeof(float));
    to += count;
  }
  return x;
}

template <typename Work>
void forAlone(const Kept& kept, int64_t width, const Work& work) {
  const auto rows = static_cast<int64_t>(kept.alone.size());
  at::parallel_for(0, rows, rowsPerTask(8 * width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) work(kept.alone[static_cast<size_t>(i)]);
  });
}

LAUREL_KERNELS_BEGIN

LAUREL_KERNEL void addScaled(float* y, const float* x, float factor, int64_t width) {
  for (int64_t i = 0; i < width; i++) y[i] += factor * x[i];
}

LAUREL_KERNELS_END

// Where in `ids` each token of the rows without company occurs, in one order whatever the number of threads.
struct Occurrences {
  struct Entry {
    int64_t row, place;
  };
  // Token t's are entries ends[t − 1] … ends[t] − 1, with ends[−1] = 0.
  std::vector<Entry> entries;
  std::vector<int64_t> ends;
};

Occurrences occurrencesOf(const Kept& kept, int64_t vocabulary) {
  Occurrences found{{}, std::vector<int64_t>(static_cast<size_t>(vocabulary), 0)};
  const auto each = [&](const auto& work) {
    for (const int64_t row : kept.alone)
      for (int64_t j = kept.first(row); j < kept.first(row + 1); j++)
        work(row, j, found.ends[static_cast<size_t>(kept.ids[static_cast<size_t>(j)])]);
  };
  each([](int64_t, int64_t, int64_t& end) { end++; });
  int64_t total = 0;
  for (int64_t& end : found.ends) end = std::exchange(total, total + end);
  found.entries.resize(static_cast<size_t>(total));
  each([&](int64_t row, int64_t j, int64_t& end) { found.entries[static_cast<size_t>(end++)] = {row, j}; });
  return found;
}

// ∂head of rows without company.
void addAlone(at::Tensor& dHead, const at::Tensor& states, const Kept& kept, const std::vector<float>& gradients) {
  const int64_t vocabulary = dHead.size(0), width = dHead.size(1);
  const Occurrences found = occurrencesOf(kept, vocabulary);
  const float* const x = states.data_ptr<float>();
  float* const to = dHead.data_ptr<float>();
  at::parallel_for(0, vocabulary, std::max<int64_t>(1, vocabulary / 16), [&](int64_t begin, int64_t end) {
    int64_t next = begin == 0 ? 0 : found.ends[static_cast<size_t>(begin) - 1];
    for (int64_t token = begin; token < end; token++)
      for (; next < found.ends[static_cast<size_t>(token)]; next++) {
        const auto [row, place] = found.entries[static_cast<size_t>(next)];
        addScaled(to + token * width, x + row * width, gradients[static_cast<size_t>(place)], width);
      }
  });
}

}  // namespace

std::vector<float> multiplyKept(const at::Tensor& states, const at::Tensor& head, const Kept& kept) {
  std::vector<float> scores(kept.ids.size());
  for (const auto& rows : kept.shared) {
    const at::Tensor chosen = head.index_select(0, idsOf(kept, rows.front()));
    scatterRows(at::mm(states.index_select(0, indexOf(rows)), chosen.t()), kept, rows, scores.data());
  }
  const TokenSets sets = kept.sets();
  forAlone(kept, states.size(1), [&](int64_t row) { multiplySets(states, head, sets, row, row + 1, scores.data()); });
  return scores;
}

at::Tensor keptStatesGradient(const at::Tensor& states, const at::Tensor& head, const Kept& kept,
                              const std::vector<float>& gradients) {
  const int64_t width = states.size(1);
  at::Tensor dStates = at::zeros(states.sizes(), states.options());
  for (const auto& rows : kept.shared) {
    const at::Tensor above = gatherRows(gradients.data(), kept, rows);
    dStates.index_copy_(0, indexOf(rows), at::mm(above, head.index_select(0, idsOf(kept, rows.front()))));
  }
  const float* const from = head.data_ptr<float>();
  float* const to = dStates.data_ptr<float>();
  forAlone(kept, width, [&](int64_t row) {
    for (int64_t j = kept.first(row); j < kept.first(row + 1); j++)
      addScaled(to + row * width, from + kept.ids[static_cast<size_t>(j)] * width, gradients[static_cast<size_t>(j)],
                width);
  });
  return dStates;
}

at::Tensor keptHeadGradient(const at::Tensor& states, const at::Tensor& head, const Kept& kept,
                            const std::vector<float>& gradients) {
  at::Tensor dHead = at::zeros(head.sizes(), head.options());
  for (const auto& rows : kept.shared) {
    const at::Tensor above = gatherRows(gradients.data(), kept, rows);
    dHead.index_add_(0, idsOf(kept, rows.front()), at::mm(above.t(), states.index_select(0, indexOf(rows))));
  }
  addAlone(dHead, states, kept, gradients);
  return dHead;
}

}  // namespace laurel
