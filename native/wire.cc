#include "wire.h"

#include <cmath>

namespace laurel {

using c10::IValue;
using c10::TypeKind;

namespace {

constexpr double kLargestExactInteger = 9007199254740992.0;

const char* nameOf(Tag tag) {
  static const char* const names[] = {"nothing", "null", "a number", "a boolean", "a tensor", "a string", "a list", "a generator"};
  const int index = static_cast<int>(tag);
  return index >= 0 && index < 8 ? names[index] : "an unknown value";
}

[[noreturn]] void mismatch(const char* expected, Tag found) {
  TORCH_CHECK(false, "expected ", expected, ", found ", nameOf(found));
  throw std::logic_error("unreachable");
}

c10::TypePtr elementOf(const c10::TypePtr& type) { return type->castRaw<c10::ListType>()->getElementType(); }

c10::TypePtr insideOptional(const c10::TypePtr& type) { return type->castRaw<c10::OptionalType>()->getElementType(); }

bool isScalarKind(TypeKind kind) {
  switch (kind) {
    case TypeKind::TensorType:
    case TypeKind::IntType:
    case TypeKind::SymIntType:
    case TypeKind::FloatType:
    case TypeKind::SymFloatType:
    case TypeKind::BoolType:
    case TypeKind::NumberType:
    case TypeKind::StringType:
    case TypeKind::DeviceObjType:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool isReadable(const c10::TypePtr& type) {
  if (type->kind() == TypeKind::OptionalType) return isReadable(insideOptional(type));
  if (type->kind() == TypeKind::GeneratorType) return true;
  if (type->kind() != TypeKind::ListType) return isScalarKind(type->kind());
  const auto element = elementOf(type);
  if (element->kind() == TypeKind::OptionalType) return insideOptional(element)->kind() == TypeKind::TensorType;
  return isScalarKind(element->kind()) && element->kind() != TypeKind::DeviceObjType;
}

bool isWritable(const c10::TypePtr& type) {
  if (type->kind() == TypeKind::OptionalType) return isWritable(insideOptional(type));
  if (type->kind() == TypeKind::NoneType) return true;
  if (type->kind() == TypeKind::TupleType) {
    for (const auto& part : type->containedTypes())
      if (!isWritable(part)) return false;
    return true;
  }
  return type->kind() == TypeKind::ListType ? isWritable(elementOf(type)) : isScalarKind(type->kind());
}

double internString(Environment& environment, const std::string& text) {
  environment.strings.push_back(text);
  return static_cast<double>(environment.strings.size() - 1);
}

std::pair<Tag, double> WireReader::next() {
  TORCH_CHECK(position_ + 2 <= end_, "the argument list ends too early");
  const auto tag = static_cast<Tag>(static_cast<int>(environment_.wire[position_]));
  const double payload = environment_.wire[position_ + 1];
  position_ += 2;
  return {tag, payload};
}

int64_t WireReader::readInteger() {
  const auto [tag, value] = next();
  if (tag == Tag::kBoolean) return value != 0;
  if (tag != Tag::kNumber) mismatch("an integer", tag);
  TORCH_CHECK(std::trunc(value) == value && std::fabs(value) <= kLargestExactInteger, "expected an integer, found ", value);
  return static_cast<int64_t>(value);
}

double WireReader::readNumber() {
  const auto [tag, value] = next();
  if (tag != Tag::kNumber) mismatch("a number", tag);
  return value;
}

bool WireReader::readBoolean() {
  const auto [tag, value] = next();
  if (tag != Tag::kBoolean) mismatch("a boolean", tag);
  return value != 0;
}

std::string WireReader::readString() {
  const auto [tag, index] = next();
  if (tag != Tag::kString) mismatch("a string", tag);
  TORCH_CHECK(index >= 0 && index < static_cast<double>(environment_.strings.size()), "unknown string");
  return environment_.strings[static_cast<size_t>(index)];
}

at::Scalar WireReader::readScalar() {
  const auto [tag, value] = next();
  if (tag == Tag::kBoolean) return at::Scalar(value != 0);
  if (tag != Tag::kNumber) mismatch("a number", tag);
  // A whole number keeps integer tensors integer; floating tensors are unaffected.
  if (std::trunc(value) == value && std::fabs(value) <= kLargestExactInteger && !(value == 0 && std::signbit(value)))
    return at::Scalar(static_cast<int64_t>(value));
  return at::Scalar(value);
}

// A number where a tensor is asked for becomes a wrapped scalar, which does not promote the other operand.
at::Tensor WireReader::readTensor() {
  const Tag tag = peek();
  if (tag == Tag::kNumber || tag == Tag::kBoolean) {
    const at::Scalar scalar = readScalar();
    at::Tensor wrapped = at::scalar_tensor(scalar, at::TensorOptions().dtype(scalar.type()));
    wrapped.unsafeGetTensorImpl()->set_wrapped_number(true);
    return wrapped;
  }
  const double handle = next().second;
  if (tag == Tag::kNull) return at::Tensor();
  if (tag != Tag::kTensor) mismatch("a tensor", tag);
  return environment_.tensor(handle);
}

IValue WireReader::readList(const c10::TypePtr& element) {
  const auto [tag, length] = next();
  if (tag != Tag::kList) mismatch("a list", tag);
  const auto size = static_cast<size_t>(length);
  switch (element->kind()) {
    case TypeKind::IntType:
    case TypeKind::SymIntType: {
      c10::List<int64_t> list;
      list.reserve(size);
      for (size_t i = 0; i < size; ++i) list.push_back(readInteger());
      return list;
    }
    case TypeKind::TensorType: {
      c10::List<at::Tensor> list;
      list.reserve(size);
      for (size_t i = 0; i < size; ++i) list.push_back(readTensor());
      return list;
    }
    case TypeKind::OptionalType: {
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(size);
      for (size_t i = 0; i < size; ++i) {
        const at::Tensor tensor = readTensor();
        list.push_back(tensor.defined() ? c10::optional<at::Tensor>(tensor) : c10::nullopt);
      }
      return list;
    }
    case TypeKind::BoolType: {
      c10::List<bool> list;
      for (size_t i = 0; i < size; ++i) list.push_back(readBoolean());
      return list;
    }
    case TypeKind::FloatType:
    case TypeKind::SymFloatType: {
      c10::List<double> list;
      for (size_t i = 0; i < size; ++i) list.push_back(readNumber());
      return list;
    }
    case TypeKind::NumberType: {
      c10::List<at::Scalar> list;
      for (size_t i = 0; i < size; ++i) list.push_back(readScalar());
      return list;
    }
    case TypeKind::StringType: {
      c10::List<std::string> list;
      for (size_t i = 0; i < size; ++i) list.push_back(readString());
      return list;
    }
    default:
      TORCH_CHECK(false, "lists of ", element->str(), " cannot be passed from JavaScript");
  }
}

IValue WireReader::read(const c10::TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::OptionalType:
      if (peek() == Tag::kNull || peek() == Tag::kAbsent) {
        skip();
        return IValue();
      }
      return read(insideOptional(type));
    case TypeKind::TensorType:
      return readTensor();
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return readInteger();
    case TypeKind::FloatType:
    case TypeKind::SymFloatType:
      return readNumber();
    case TypeKind::BoolType:
      return readBoolean();
    case TypeKind::NumberType:
      return readScalar();
    case TypeKind::StringType:
      return readString();
    case TypeKind::DeviceObjType:
      return c10::Device(readString());
    case TypeKind::GeneratorType: {
      const auto [tag, handle] = next();
      if (tag != Tag::kGenerator) mismatch("a generator", tag);
      return environment_.generator(handle);
    }
    case TypeKind::ListType: {
      const auto element = elementOf(type);
      // `int[2] padding` also takes one number, meaning the same for every entry.
      if (peek() == Tag::kNumber && element->kind() == TypeKind::IntType) return c10::List<int64_t>({readInteger()});
      return readList(element);
    }
    default:
      TORCH_CHECK(false, "values of type ", type->str(), " cannot be passed from JavaScript");
  }
}

void WireWriter::put(Tag tag, double payload) {
  TORCH_CHECK(position_ + 2 <= environment_.wireLength, "the result is longer than the wire");
  environment_.wire[position_++] = static_cast<double>(static_cast<int>(tag));
  environment_.wire[position_++] = payload;
}

void WireWriter::putTensor(const at::Tensor& tensor) {
  if (tensor.defined())
    put(Tag::kTensor, environment_.tensors.insert(tensor));
  else
    put(Tag::kNull, 0);
}

void WireWriter::putString(const std::string& text) { put(Tag::kString, internString(environment_, text)); }

void WireWriter::write(const IValue& value) {
  if (value.isTensor()) return putTensor(value.toTensor());
  if (value.isNone()) return put(Tag::kNull, 0);
  if (value.isBool()) return put(Tag::kBoolean, value.toBool() ? 1 : 0);
  if (value.isInt()) return put(Tag::kNumber, static_cast<double>(value.toInt()));
  if (value.isDouble()) return put(Tag::kNumber, value.toDouble());
  if (value.isString()) return putString(value.toStringRef());
  if (value.isDevice()) return putString(value.toDevice().str());
  if (value.isList()) {
    const auto list = value.toListRef();
    put(Tag::kList, static_cast<double>(list.size()));
    for (const auto& element : list) write(element);
    return;
  }
  if (value.isTuple()) {
    const auto tuple = value.toTuple();
    put(Tag::kList, static_cast<double>(tuple->elements().size()));
    for (const auto& element : tuple->elements()) write(element);
    return;
  }
  TORCH_CHECK(false, "results of type ", value.tagKind(), " cannot be returned to JavaScript");
}

}  // namespace laurel
