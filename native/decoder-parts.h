// Operators that others are made of.
#pragma once

#include <ATen/core/Tensor.h>

namespace laurel {

using OptionalTensor = c10::optional<at::Tensor>;

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

at::Tensor swiglu(const at::Tensor& both);

at::Tensor packedLinear(const at::Tensor& x, const at::Tensor& packed, int64_t features, const OptionalTensor& bias,
                        const OptionalTensor& residual);

at::Tensor decodeAttention(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine,
                           const at::Tensor& keys, const at::Tensor& values, int64_t length,
                           const OptionalTensor& starts, const OptionalTensor& queryNorm,
                           const OptionalTensor& keyNorm, double epsilon, double scale);

// Prompts that rows share: row r goes on from prompt owners[r], of which it sees places starts[owners[r]] … length − 1.
// Rows of one prompt stand side by side.
struct SharedPrompts {
  const int64_t *owners, *starts;  // starts may be null: 0
  int64_t length;
};

// keys and values [R', K, C, D] of the rows' branches gain place `length` of their first R rows.
at::Tensor branchAttention(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine,
                           const SharedPrompts& prompts, const at::Tensor& promptKeys, const at::Tensor& promptValues,
                           const at::Tensor& keys, const at::Tensor& values, int64_t length,
                           const OptionalTensor& queryNorm, const OptionalTensor& keyNorm, double epsilon, double scale);

}  // namespace laurel
