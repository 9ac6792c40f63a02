// The register tile of matrix products: C (+)= A·B for a few rows of A against a panel of B, one loop over k that
// keeps the whole tile of C in registers. Built for each instruction set and chosen when the addon loads.
#pragma once

#include "fused.h"

namespace laurel {

// A panel has a multiple of `kPanelStep` columns.
constexpr int64_t kWidestPanel = 48;
constexpr int64_t kPanelStep = 16;

// Columns of a full panel on this processor: with AVX2 or AVX-512 as many as a tile has, so that a panel is read from one
// end to the other; one that is read in strips waits for memory. The last panel of a matrix may be narrower.
int64_t panelWidth();

// A block of the product. A is [rows, depth] with any strides; the panel of B is [depth, width], dense.
struct TileArguments {
  int64_t rows, depth, width;
  const float* a;
  int64_t aRow, aStep;
  const float* panel;
  float* c;
  int64_t cRow;
  // Columns of C that exist: at most `width`.
  int64_t columns;
  // Added to every row where not null: [columns].
  const float* bias;
  // Added element by element where not null, with C's strides. May be C itself.
  const float* addend;
};

// The block in the widest instruction set of this processor.
void multiplyTile(const TileArguments& block);

}  // namespace laurel
