/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stun-codec.h"

/* RFC 8489 6.2.1, with four requests instead of seven: after 0, 0.5, 1.5 and 3.5 s. */
#define STUN_RTO_MS 500
#define STUN_MAX_REQUESTS 4
#define STUN_WAIT_MS(rto_ms) ((rto_ms) * ((1u << STUN_MAX_REQUESTS) - 1)) /* 7.5 s */

typedef struct _StunTransaction StunTransaction;

/* One STUN transaction on a UDP socket of the caller. An answer is accepted only with the random
 * transaction id, and only from the server or from the other address that the server named. */
struct _StunTransaction
{
  GSocket *socket; /* not blocking; nothing else receives from it */
  GInetSocketAddress *server;
  GInetSocketAddress *other; /* where the answer shall come from; NULL: from the server */
  guint rto_ms;
  gpointer user_data;

  /* Called once, after the answer or the last wait. */
  void (*done) (StunTransaction *self);

  gboolean answered;
  gboolean from_other;       /* ... from the other address */
  StunResponse response;     /* if answered */
  GInetSocketAddress *stray; /* where else an answer came from; nullable */

  guint8 id[STUN_TRANSACTION_SIZE];
  guint n_sent;
  guint timer_id;
  GSource *source;
};

gboolean stun_transaction_start (StunTransaction *self, GError **error);
void stun_transaction_clear (StunTransaction *self);
