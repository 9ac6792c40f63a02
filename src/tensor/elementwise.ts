import { callTensor } from './call-tensor.ts';
import { callInPlace } from './dispatch.ts';
import { TensorHandle } from './handle.ts';
import type { Tensor } from './tensor.ts';

/** A tensor, or a number that broadcasts. */
export type Operand = Tensor | number;

/**
 * The element-wise methods of `Tensor`. Those with a trailing underscore write to the tensor and return it.
 */
export class Elementwise extends TensorHandle {
  neg(): Tensor {
    return callTensor('aten::neg', this);
  }

  exp(): Tensor {
    return callTensor('aten::exp', this);
  }

  expm1(): Tensor {
    return callTensor('aten::expm1', this);
  }

  log(): Tensor {
    return callTensor('aten::log', this);
  }

  log1p(): Tensor {
    return callTensor('aten::log1p', this);
  }

  sqrt(): Tensor {
    return callTensor('aten::sqrt', this);
  }

  rsqrt(): Tensor {
    return callTensor('aten::rsqrt', this);
  }

  square(): Tensor {
    return callTensor('aten::square', this);
  }

  abs(): Tensor {
    return callTensor('aten::abs', this);
  }

  sign(): Tensor {
    return callTensor('aten::sign', this);
  }

  sin(): Tensor {
    return callTensor('aten::sin', this);
  }

  cos(): Tensor {
    return callTensor('aten::cos', this);
  }

  sigmoid(): Tensor {
    return callTensor('aten::sigmoid', this);
  }

  silu(): Tensor {
    return callTensor('aten::silu', this);
  }

  tanh(): Tensor {
    return callTensor('aten::tanh', this);
  }

  relu(): Tensor {
    return callTensor('aten::relu', this);
  }

  softplus(): Tensor {
    return callTensor('aten::softplus', this);
  }

  floor(): Tensor {
    return callTensor('aten::floor', this);
  }

  round(): Tensor {
    return callTensor('aten::round', this);
  }

  reciprocal(): Tensor {
    return callTensor('aten::reciprocal', this);
  }

  erf(): Tensor {
    return callTensor('aten::erf', this);
  }

  logSigmoid(): Tensor {
    return callTensor('aten::log_sigmoid', this);
  }

  isFinite(): Tensor {
    return callTensor('aten::isfinite', this);
  }

  isNaN(): Tensor {
    return callTensor('aten::isnan', this);
  }

  logicalNot(): Tensor {
    return callTensor('aten::logical_not', this);
  }

  add(other: Operand): Tensor {
    return callTensor('aten::add.Tensor', this, other);
  }

  sub(other: Operand): Tensor {
    return callTensor('aten::sub.Tensor', this, other);
  }

  mul(other: Operand): Tensor {
    return callTensor('aten::mul.Tensor', this, other);
  }

  div(other: Operand): Tensor {
    return callTensor('aten::div.Tensor', this, other);
  }

  remainder(other: Operand): Tensor {
    return callTensor('aten::remainder.Tensor', this, other);
  }

  eq(other: Operand): Tensor {
    return callTensor('aten::eq.Tensor', this, other);
  }

  ne(other: Operand): Tensor {
    return callTensor('aten::ne.Tensor', this, other);
  }

  less(other: Operand): Tensor {
    return callTensor('aten::lt.Tensor', this, other);
  }

  lessEqual(other: Operand): Tensor {
    return callTensor('aten::le.Tensor', this, other);
  }

  greater(other: Operand): Tensor {
    return callTensor('aten::gt.Tensor', this, other);
  }

  greaterEqual(other: Operand): Tensor {
    return callTensor('aten::ge.Tensor', this, other);
  }

  minimum(other: Tensor): Tensor {
    return callTensor('aten::minimum', this, other);
  }

  maximum(other: Tensor): Tensor {
    return callTensor('aten::maximum', this, other);
  }

  logicalAnd(other: Tensor): Tensor {
    return callTensor('aten::logical_and', this, other);
  }

  logicalOr(other: Tensor): Tensor {
    return callTensor('aten::logical_or', this, other);
  }

  /** Bounded from below and above; −∞ below or ∞ above leaves that side open. */
  clamp(low = -Infinity, high = Infinity): Tensor {
    if (low === -Infinity && high === Infinity) return callTensor('aten::clone', this);
    const [least, most] = [low === -Infinity ? null : low, high === Infinity ? null : high];
    return callTensor('aten::clamp', this, least, most);
  }

  pow(exponent: Operand): Tensor {
    return typeof exponent === 'number'
      ? callTensor('aten::pow.Tensor_Scalar', this, exponent)
      : callTensor('aten::pow.Tensor_Tensor', this, exponent);
  }

  /** Elements where `mask` is true become `value`. */
  maskedFill(mask: Tensor, value: number): Tensor {
    return callTensor('aten::masked_fill.Scalar', this, mask, value);
  }

  add_(other: Operand): this {
    callInPlace('aten::add_.Tensor', this, other);
    return this;
  }

  sub_(other: Operand): this {
    callInPlace('aten::sub_.Tensor', this, other);
    return this;
  }

  mul_(other: Operand): this {
    callInPlace('aten::mul_.Tensor', this, other);
    return this;
  }

  div_(other: Operand): this {
    callInPlace('aten::div_.Tensor', this, other);
    return this;
  }

  /** Writes another tensor's values here, converting dtype and device. */
  copy_(source: Tensor): this {
    callInPlace('aten::copy_', this, source);
    return this;
  }

  zero_(): this {
    callInPlace('aten::zero_', this);
    return this;
  }

  fill_(value: number): this {
    callInPlace('aten::fill_.Scalar', this, value);
    return this;
  }

  /** self + weight · (end − self) */
  lerp_(end: Tensor, weight: number): this {
    callInPlace('aten::lerp_.Scalar', this, end, weight);
    return this;
  }

  /** self + value · first · second */
  addcmul_(first: Tensor, second: Tensor, value = 1): this {
    callInPlace('aten::addcmul_', this, first, second, value);
    return this;
  }

  /** self + value · numerator / denominator */
  addcdiv_(numerator: Tensor, denominator: Tensor, value = 1): this {
    callInPlace('aten::addcdiv_', this, numerator, denominator, value);
    return this;
  }
}
