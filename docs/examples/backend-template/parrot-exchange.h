/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "parrot-codec.h"

G_BEGIN_DECLS

/* Settles the call with what the router granted; a refusal has been settled before. */
typedef void (*ParrotAnswered) (PlumCall *call, const ParrotAnswer *answer);

/* Asks the gateway's server one question, and settles call with whatever comes of it. */
void parrot_exchange_start (PlumBackend *backend,
                            PlumCall *call,
                            guint32 number,
                            GBytes *question,
                            PlumError refusal_code,
                            ParrotAnswered answered);

G_END_DECLS
