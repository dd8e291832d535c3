#include "rcnn.h"

#include "ancestral.h"

REGISTER_RECURRENCE(rcnn, latent_rationale::RCNN)
REGISTER_ANCESTRAL_SAMPLING(rcnn, latent_rationale::RCNN)
