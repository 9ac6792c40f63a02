// Matrices laid out in panels for products by tiles, and products with parts of them.
#pragma once

#include "tile.h"

namespace laurel {

// Places begin … end − 1.
struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
  bool isEmpty() const { return begin >= end; }
};

// A matrix [depth, columns] in panels.
struct Panels {
  const float* numbers;
  int64_t depth, columns;
};

// Numbers of `depth` rows of `columns` laid out in panels.
int64_t panelNumbers(int64_t depth, int64_t columns);

// [depth, columns] → panels of [depth, width], zeros past the last column.
void packRows(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to);

// The transpose of [columns, depth] → panels of [depth, width], zeros past the last column.
void packColumns(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to);

// C (+)= A·B for some columns of B, from a multiple of the panels' width on, and its rows from `depthBegin` on. Adds
// where the block has an addend, which is C.
void multiplyPanels(TileArguments block, const Panels& panels, const Range& columns, int64_t depthBegin);

}  // namespace laurel
