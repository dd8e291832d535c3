// The interface of a recurrent cell: its sizes, its weights, and what it reads and writes at one word.
//
// A cell of H units is a struct that declares how many arrays of H numbers it has of each kind:
//
//   gates            layers that read the word: `projected` [gates * H] is input_weight times its embedding
//   recurrent_gates  layers that read the previous hidden state: recurrent_weight [recurrent_gates * H, H]
//   biases           bias [biases * H]
//   memories         state beside the hidden state: memory [memories * H]
//
// The products with input_weight are computed for all words at once before a cell runs, those with recurrent_weight
// for a batch of sentences before each word. What is left for the cell is elementwise: `step` reads a word, and
// `step_backward`, where gradients are needed, returns from it.

#pragma once

#include <cstdint>

#include "rows.h"

namespace latent_rationale {

// The weights that a cell applies to its state.
struct CellWeights {
  Tensor recurrent_weight;  // [recurrent_gates * H, H]
  Tensor bias;              // [biases * H]

  int64_t units() const { return recurrent_weight.size(1); }

  template <typename Cell>
  void check(const Tensor& projected) const {
    check_layout({projected, recurrent_weight, bias});
    TORCH_CHECK(projected.dim() == 2 && projected.size(1) == Cell::gates * units() &&
                    recurrent_weight.size(0) == Cell::recurrent_gates * units() &&
                    bias.numel() == Cell::biases * units(),
                "expected weights for cells of ", units(), " units");
  }
};

// One word of one sentence.
template <typename Real>
struct CellStep {
  const Real* projected;      // [gates * H]
  Real z;                     // the word is read as z times its embedding
  const Real* products;       // [recurrent_gates * H], recurrent_weight times the previous hidden state
  const Real* memory_before;  // [memories * H]
  Real* gates;                // [recurrent_gates * H], their values, for `step_backward`; may be the products' place
  Real* memory;               // [memories * H]
  Real* hidden;               // [H]
};

// Gradients with respect to the fields of a CellStep of the same name. `hidden` is the sum of two: what the outputs
// say, and what the next word says.
template <typename Real>
struct CellStepGrad {
  const Real* output;  // [H]
  const Real* hidden;  // [H]
  Real* memory;        // [memories * H], after the word; becomes that before the word
  Real* bias;          // [biases * H], a sum over words
  Real* products;      // [recurrent_gates * H]
  Real* projected;     // [gates * H]
};

}  // namespace latent_rationale
