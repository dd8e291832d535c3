// Reading sentences of which many begin alike. In lexicographic order those are neighbours, and a beginning is new
// where a sentence has no more in common with the one before it.

#include <numeric>

#include "lstm.h"
#include "rcnn.h"
#include "reader.h"

namespace latent_rationale {

// Sentences in lexicographic order, and how many words each has in common with the one before it.
class Sorted {
 public:
  Sorted(const Tensor& ids, const Tensor& lengths)
      : ids_(ids.const_data_ptr<int64_t>()),
        width_(ids.size(1)),
        lengths_(lengths.const_data_ptr<int64_t>()),
        order_(ids.size(0)),
        common_(ids.size(0)) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [this](int64_t left, int64_t right) {
      return std::lexicographical_compare(words_of(left), end_of(left), words_of(right), end_of(right));
    });
    for (int64_t i = 1; i < size(); ++i) {
      const int64_t shorter = std::min(length(i - 1), length(i));
      common_[i] = std::mismatch(words(i), words(i) + shorter, words(i - 1)).first - words(i);
    }
  }

  int64_t size() const { return order_.size(); }
  int64_t row(int64_t i) const { return order_[i]; }
  const int64_t* words(int64_t i) const { return words_of(order_[i]); }
  int64_t length(int64_t i) const { return lengths_[order_[i]]; }
  int64_t common(int64_t i) const { return common_[i]; }

  // How many beginnings of its own each has.
  std::vector<int64_t> own() const {
    std::vector<int64_t> own(size());
    for (int64_t i = 0; i < size(); ++i) own[i] = length(i) - common(i);
    return own;
  }

 private:
  const int64_t* words_of(int64_t row) const { return ids_ + row * width_; }
  const int64_t* end_of(int64_t row) const { return words_of(row) + lengths_[row]; }

  const int64_t* ids_;
  int64_t width_;
  const int64_t* lengths_;
  std::vector<int64_t> order_, common_;
};

// Reads the sentences from `first` to `last`, all a word further at a time.
template <typename Cell, typename Real>
void read_part(const Sorted& sentences, int64_t first, int64_t last, Reader<Cell, Real> read, const States& found) {
  States before = States::empty<Cell>(last - first, found.hidden),
         after = States::empty<Cell>(last - first, found.hidden);
  before.hidden[0].zero_();
  before.memories[0].zero_();
  const Rows<Real> shown(found.hidden), kept(found.memories);
  std::vector<int64_t> reading(last - first), state(last - first, 0), which, words;
  std::iota(reading.begin(), reading.end(), first);
  for (int64_t place = 0; !reading.empty(); ++place) {
    const Rows<Real> shown_now(before.hidden), kept_now(before.memories);
    which.clear();
    words.clear();
    size_t going_on = 0;
    for (size_t k = 0; k < reading.size(); ++k) {
      const int64_t i = reading[k];
      if (sentences.length(i) == place) {
        std::copy_n(shown_now.at(0, state[k]), shown.width, shown.at(0, sentences.row(i)));
        std::copy_n(kept_now.at(0, state[k]), kept.width, kept.at(0, sentences.row(i)));
        continue;
      }
      if (words.empty() || sentences.common(i) <= place) {
        which.push_back(state[k]);
        words.push_back(sentences.words(i)[place]);
      }
      reading[going_on] = i;
      state[going_on++] = words.size() - 1;
    }
    reading.resize(going_on);
    read(before, which, words, after);
    std::swap(before, after);
  }
}

// The states [R, H] behind so many words of each of R sentences `ids` [R, T]; each beginning is read once, or once by
// each of several threads.
template <typename Cell>
std::tuple<Tensor, Tensor> read_beginnings(const Tensor& projected, const Tensor& ids, const Tensor& lengths,
                                           const Tensor& bias, const Tensor& weight) {
  check_cell<Cell>(projected, bias, weight);
  check_indices(ids, projected.size(0));
  TORCH_CHECK(ids.dim() == 2 && lengths.numel() == ids.size(0), "expected one length for each sentence");
  check_indices(lengths, ids.size(1) + 1);
  const States found(at::empty({ids.size(0), weight.size(1)}, weight.options()),
                     at::empty({ids.size(0), Cell::memories * weight.size(1)}, weight.options()));
  const Sorted sentences(ids, lengths);
  AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "beginnings", [&] {
    for_each_share(sentences.own(), [&](int64_t first, int64_t last) {
      read_part<Cell, scalar_t>(sentences, first, last, {projected, bias, weight}, found);
    });
  });
  return {found.hidden, found.memories};
}

}  // namespace latent_rationale

// Makes the operator NAME_beginnings of a cell.
#define REGISTER_BEGINNINGS(NAME, CELL)                                                                 \
  TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {                                                   \
    library.def(#NAME                                                                                   \
                "_beginnings(Tensor projected, Tensor ids, Tensor lengths, Tensor bias, Tensor weight)" \
                " -> (Tensor hidden, Tensor memories)");                                                \
  }                                                                                                     \
  TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {                                                  \
    library.impl(#NAME "_beginnings", &latent_rationale::read_beginnings<CELL>);                        \
  }

REGISTER_BEGINNINGS(lstm, latent_rationale::LSTM)
REGISTER_BEGINNINGS(rcnn, latent_rationale::RCNN)
