#include "lstm.h"

#include "ancestral.h"

REGISTER_RECURRENCE(lstm, latent_rationale::LSTM)
REGISTER_ANCESTRAL_SAMPLING(lstm, latent_rationale::LSTM)
