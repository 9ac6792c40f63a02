// Causal attention of differentiable operators, which hold all scores: for dtypes and devices that have no kernel, and
// for gradients of gradients.
#pragma once

#include "fused.h"
#include "visible.h"

namespace laurel {

// → [B, T, H·D]
at::Tensor composedCausal(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          const Visible& visible, double scale);

// Gradients of query, key and value, from the one of what `composedCausal` returns.
variable_list composedCausalGradients(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                      const Visible& visible, const at::Tensor& above, double scale);

}  // namespace laurel
