// Operators of bidirectional encoders. A list holds a tensor per direction.

#include "encoder.h"

#include "rcnn.h"

TORCH_LIBRARY_FRAGMENT(latent_rationale, library) {
  library.def(
      "rcnn_encoder(Tensor[] projected, Tensor? z, Tensor lengths, Tensor[] recurrent_weight, Tensor[] bias, bool keep)"
      " -> (Tensor states, Tensor gates, Tensor memory, Tensor hidden)");
  library.def(
      "rcnn_encoder_backward(Tensor grad_states, Tensor[] projected, Tensor? z, Tensor lengths,"
      " Tensor[] recurrent_weight, Tensor gates, Tensor memory, Tensor hidden)"
      " -> (Tensor[] projected, Tensor z, Tensor[] recurrent_weight, Tensor[] bias)");
}

TORCH_LIBRARY_IMPL(latent_rationale, CPU, library) {
  library.impl("rcnn_encoder", &latent_rationale::encode<latent_rationale::RCNN>);
  library.impl("rcnn_encoder_backward", &latent_rationale::encode_backward<latent_rationale::RCNN>);
}
