#include "plan.h"

#include <ATen/core/jit_type.h>

namespace laurel {

using c10::TypeKind;

namespace {

c10::TypePtr elementOf(const c10::TypePtr& type) { return type->castRaw<c10::ListType>()->getElementType(); }

c10::TypePtr insideOptional(const c10::TypePtr& type) { return type->castRaw<c10::OptionalType>()->getElementType(); }

Kind kindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::TensorType:
      return Kind::kTensor;
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return Kind::kInteger;
    case TypeKind::FloatType:
    case TypeKind::SymFloatType:
      return Kind::kFloat;
    case TypeKind::BoolType:
      return Kind::kBoolean;
    case TypeKind::NumberType:
      return Kind::kScalar;
    case TypeKind::StringType:
      return Kind::kString;
    case TypeKind::DeviceObjType:
      return Kind::kDevice;
    case TypeKind::GeneratorType:
      return Kind::kGenerator;
    case TypeKind::ScalarTypeType:
      return Kind::kDtype;
    case TypeKind::LayoutType:
      return Kind::kLayout;
    case TypeKind::MemoryFormatType:
      return Kind::kMemoryFormat;
    default:
      // TypeKind::SymBoolType came in 2.0.
      return type->str() == "SymBool" ? Kind::kBoolean : Kind::kUnsupported;
  }
}

bool canBeListed(Kind kind) { return kind != Kind::kDevice && kind != Kind::kGenerator && kind < Kind::kDtype; }

void planList(ArgumentPlan& plan, c10::TypePtr element) {
  plan.isList = true;
  if (element->kind() == TypeKind::OptionalType) {
    plan.hasOptionalElements = true;
    element = insideOptional(element);
  }
  plan.kind = kindOf(element);
  const bool crosses = plan.hasOptionalElements ? plan.kind == Kind::kTensor : canBeListed(plan.kind);
  if (!crosses) plan.kind = Kind::kUnsupported;
}

}  // namespace

ArgumentPlan planOf(const c10::Argument& argument) {
  ArgumentPlan plan;
  // The real type tells a dtype from the integer that it travels as.
  c10::TypePtr type = argument.real_type();
  if (type->kind() == TypeKind::OptionalType) {
    plan.isOptional = true;
    type = insideOptional(type);
  }
  if (type->kind() == TypeKind::ListType)
    planList(plan, elementOf(type));
  else
    plan.kind = kindOf(type);
  plan.isWritten = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  // `int[1]` is the schemas' way of saying that one number will do for a list of any length.
  if (argument.N().has_value() && *argument.N() > 1) plan.fixedLength = static_cast<size_t>(*argument.N());
  plan.hasDefault = argument.default_value().has_value() || plan.isOptional;
  if (argument.default_value().has_value()) plan.defaultValue = *argument.default_value();
  return plan;
}

Operator planOf(const c10::OperatorHandle& handle) {
  Operator planned{handle, {}};
  for (const auto& argument : handle.schema().arguments()) planned.arguments.push_back(planOf(argument));
  return planned;
}

bool isReturnable(const c10::TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::OptionalType:
      return isReturnable(insideOptional(type));
    case TypeKind::ListType:
      return isReturnable(elementOf(type));
    case TypeKind::TupleType:
      for (const auto& part : type->containedTypes())
        if (!isReturnable(part)) return false;
      return true;
    case TypeKind::NoneType:
      return true;
    default: {
      const Kind kind = kindOf(type);
      return kind != Kind::kUnsupported && kind != Kind::kGenerator;
    }
  }
}

}  // namespace laurel
