// The sets that tokens were drawn from, and the products that they name of states and a head.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "set-products.h"

namespace laurel {

// Sets without their padding, and who shares one.
struct Kept {
  std::vector<int32_t> ids, offsets;
  // Rows by set, of sets that many have; the rest.
  std::vector<std::vector<int64_t>> shared;
  std::vector<int64_t> alone;

  TokenSets sets() const { return {ids.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1}; }
  int64_t first(int64_t row) const { return offsets[static_cast<size_t>(row)]; }
  int64_t count(int64_t row) const { return offsets[static_cast<size_t>(row) + 1] - first(row); }
};

// Sets of tokens padded with −1 [N, K], int64, each token below `vocabulary`.
Kept keptOf(const at::Tensor& padded, int64_t vocabulary);

// states [N, C] times head [V, C], of each row the tokens of its set: [S]. Eight rows or more that have the same set are
// one product by BLAS, as all rows at the root of a trie are; others are products of a state with each row of the head.
std::vector<float> multiplyKept(const at::Tensor& states, const at::Tensor& head, const Kept& kept);

// The gradients of `multiplyKept` from those of its products: ∂states and ∂head.
at::Tensor keptStatesGradient(const at::Tensor& states, const at::Tensor& head, const Kept& kept,
                              const std::vector<float>& gradients);
at::Tensor keptHeadGradient(const at::Tensor& states, const at::Tensor& head, const Kept& kept,
                            const std::vector<float>& gradients);

}  // namespace laurel
