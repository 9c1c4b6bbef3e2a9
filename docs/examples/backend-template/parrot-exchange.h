/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "parrot-codec.h"

G_BEGIN_DECLS

/* Settles the call with the result of the router. Not called for a refusal. */
typedef void (*ParrotAnswered) (PlumCall *call, const ParrotAnswer *answer);

/* Sends one request to the gateway's server, and settles the call with its result. refusal_code:
 * of the error if the server refuses. */
void parrot_exchange_start (PlumBackend *backend,
                            PlumCall *call,
                            guint32 number,
                            GBytes *datagram,
                            PlumError refusal_code,
                            ParrotAnswered answered);

G_END_DECLS
