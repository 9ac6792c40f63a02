// Which keys a token's query sees in causal attention.
#pragma once

#include <ATen/ATen.h>

namespace laurel {

using Given = c10::optional<at::Tensor>;

// The keys a query sees: those of its own sequence up to itself, and those of the prefix that stands before it.
struct Visible {
  // Where each token's sequence begins in its row; undefined: at 0. [B, T], int64
  at::Tensor starts;
  // For each token, the first place of its prefix and the one past its last; undefined: none. [B, T, 2], int64
  at::Tensor prefixes;
};

// What an operator was given, as int64 and dense. `query` is [B, H, T, D].
Visible givenVisible(const Given& starts, const Given& prefixes, const at::Tensor& query);

// Throws where a token's own sequence or its prefix reaches past what stands before it: the kernel reads no further.
void checkPlaces(const Visible& visible);

}  // namespace laurel
