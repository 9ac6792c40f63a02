#include "fused.h"
#include "kept-sets.h"

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
  at::Tensor x = at::empty({static_cast<int64_t>(rows.size()), count});
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

// ∂head of rows without company: for each token its rows in one order, whatever the number of threads.
void addAlone(at::Tensor& dHead, const at::Tensor& states, const Kept& kept, const std::vector<float>& gradients) {
  struct Entry {
    int64_t row, place;
  };
  const int64_t vocabulary = dHead.size(0), width = dHead.size(1);
  std::vector<int64_t> ends(static_cast<size_t>(vocabulary) + 1, 0);
  const auto each = [&](const auto& work) {
    for (const int64_t row : kept.alone)
      for (int64_t j = kept.first(row); j < kept.first(row + 1); j++)
        work(row, j, static_cast<size_t>(kept.ids[static_cast<size_t>(j)]));
  };
  int64_t total = 0;
  each([&](int64_t, int64_t, size_t id) { ends[id + 1]++, total++; });
  for (size_t id = 0; id < static_cast<size_t>(vocabulary); id++) ends[id + 1] += ends[id];
  std::vector<Entry> entries(static_cast<size_t>(total));
  std::vector<int64_t> next(ends);
  each([&](int64_t row, int64_t j, size_t id) { entries[static_cast<size_t>(next[id]++)] = {row, j}; });
  const float* const x = states.data_ptr<float>();
  float* const to = dHead.data_ptr<float>();
  at::parallel_for(0, vocabulary, std::max<int64_t>(1, vocabulary / 16), [&](int64_t begin, int64_t end) {
    for (int64_t id = begin; id < end; id++)
      for (int64_t i = ends[static_cast<size_t>(id)]; i < ends[static_cast<size_t>(id) + 1]; i++) {
        const Entry& entry = entries[static_cast<size_t>(i)];
        addScaled(to + id * width, x + entry.row * width, gradients[static_cast<size_t>(entry.place)], width);
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

std::pair<at::Tensor, at::Tensor> multiplyKeptBack(const at::Tensor& states, const at::Tensor& head, const Kept& kept,
                                                   const std::vector<float>& gradients) {
  const int64_t width = states.size(1);
  at::Tensor dStates = at::zeros_like(states), dHead = at::zeros_like(head);
  for (const auto& rows : kept.shared) {
    const at::Tensor ids = idsOf(kept, rows.front()), index = indexOf(rows);
    const at::Tensor above = gatherRows(gradients.data(), kept, rows);
    dStates.index_copy_(0, index, at::mm(above, head.index_select(0, ids)));
    dHead.index_add_(0, ids, at::mm(above.t(), states.index_select(0, index)));
  }
  const float* const from = head.data_ptr<float>();
  float* const to = dStates.data_ptr<float>();
  forAlone(kept, width, [&](int64_t row) {
    for (int64_t j = kept.first(row); j < kept.first(row + 1); j++)
      addScaled(to + row * width, from + kept.ids[static_cast<size_t>(j)] * width, gradients[static_cast<size_t>(j)],
                width);
  });
  addAlone(dHead, states, kept, gradients);
  return {dStates, dHead};
}

}  // namespace laurel
