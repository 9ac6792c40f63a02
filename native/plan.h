// What an operator's schema asks of each argument, worked out once so that a call need not walk its types.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>

#include <vector>

namespace laurel {

enum class Kind : uint8_t {
  kUnsupported,
  kTensor,
  kInteger,
  kFloat,
  kBoolean,
  kScalar,
  kString,
  kDevice,
  kGenerator,
  kDtype,
  kLayout,
  kMemoryFormat,
};

struct ArgumentPlan {
  Kind kind = Kind::kUnsupported;
  bool isList = false;
  // Takes null, meaning None.
  bool isOptional = false;
  // A list whose elements may be null.
  bool hasOptionalElements = false;
  // The operator writes to it, so it must be a tensor and not a number.
  bool isWritten = false;
  // N of `int[N]`, at least 2: kernels read N elements unchecked. 0 when the schema names no such N.
  size_t fixedLength = 0;
  bool hasDefault = false;
  c10::IValue defaultValue;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<ArgumentPlan> arguments;
};

ArgumentPlan planOf(const c10::Argument& argument);
Operator planOf(const c10::OperatorHandle& handle);

// Whether values of this type can be returned to JavaScript.
bool isReturnable(const c10::TypePtr& type);

}  // namespace laurel
