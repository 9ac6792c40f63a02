// Products of states with chosen rows of a matrix, where the whole product would hold mostly numbers that nobody wants.
#pragma once

#include <ATen/ATen.h>

namespace laurel {

// The tokens of each row, one set after another: row r's are ids[offsets[r]] … ids[offsets[r + 1] − 1].
struct TokenSets {
  const int32_t *ids, *offsets;
  int64_t rows;
};

// y[j] = states[r] · head[ids[j]] for every j of rows begin … end. The order of sums depends on the width alone, so a
// row has the same bits alone and in a batch.
void multiplySets(const at::Tensor& states, const at::Tensor& head, const TokenSets& sets, int64_t begin, int64_t end,
                  float* y);

// log Σ e^x of `count` numbers, at least 1; `scratch` has room for as many.
float logSumExp(const float* x, int64_t count, float* scratch);

}  // namespace laurel
