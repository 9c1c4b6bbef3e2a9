/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

#include "plum-retry.h"

G_BEGIN_DECLS

/*
 * Requests to one gateway, many in flight on one socket with one timer. A request goes into a
 * queue; a window of them is out at a time. The owner gets every datagram, finds what it answers
 * by its key, and stops that exchange. The cost of each step does not grow with the number of
 * requests, but for the logarithm of those in flight.
 */
typedef struct _PlumExchanges PlumExchanges;
typedef struct _PlumExchange PlumExchange;

#define PLUM_EXCHANGE_KEY_SIZE 16
#define PLUM_EXCHANGE_REQUEST_SIZE 64

/* What a reply is matched by. */
typedef struct
{
  uint8_t bytes[PLUM_EXCHANGE_KEY_SIZE];
} PlumExchangeKey;

guint plum_exchange_key_hash (gconstpointer data);
gboolean plum_exchange_key_equal (gconstpointer a, gconstpointer b);

typedef enum {
  PLUM_EXCHANGE_TIMED_OUT, /* the last wait of the plan is over */
  PLUM_EXCHANGE_FAILED,    /* the socket, or the network by ICMP */
  PLUM_EXCHANGE_CANCELLED, /* by its cancellable, or because all ends */
} PlumExchangeOutcome;

/* It has ended without its owner's doing, is out of all lists, and may be freed. */
typedef void (*PlumExchangeFunc) (PlumExchange *exchange,
                                  PlumExchangeOutcome outcome,
                                  const GError *error);

/* Embedded in its owner. The first members are set before plum_exchanges_start (); the others
 * belong to plum-exchange.c. All zeros but for them. */
struct _PlumExchange
{
  PlumExchangeFunc func;
  PlumExchangeKey key;
  const PlumRetryPlan *plan;
  GCancellable *cancellable; /* borrowed, nullable */
  gboolean bypass_window;    /* goes at once, whatever the window holds */
  size_t request_len;
  uint8_t request[PLUM_EXCHANGE_REQUEST_SIZE];

  PlumExchanges *owner; /* NULL: not started, or ended */
  gulong cancel_id;
  GList link;
  GQueue *queue;                /* that link is in */
  GQueue followers;             /* of the same key, each waits for the one before */
  GSequenceIter *deadline_iter; /* among the deadlines; NULL: not sent yet */
  gint64 first_sent;
  gint64 deadline;
  gint64 wait_ms;
  guint64 first_serial;
  guint n_sent;
  gboolean holds_slot;
  GError *error;
};

typedef void (*PlumReceiveFunc) (const uint8_t *data, size_t len, gpointer user_data);

/* backend is borrowed, and outlives it. window: so many requests out at once. n_slot_sends: after
 * so many sends without an answer a request no longer counts for the window, lest those that the
 * gateway never answers keep the others waiting; 0: it always counts. received: NULL user_data is
 * the backend. */
PlumExchanges *plum_exchanges_new (PlumBackend *backend,
                                   const char *label,
                                   guint16 port,
                                   guint window,
                                   guint n_slot_sends,
                                   PlumReceiveFunc received,
                                   gpointer user_data);
void plum_exchanges_free (PlumExchanges *self);
/* Makes sure that there is a socket. It stays until plum_exchanges_free (). */
gboolean plum_exchanges_open (PlumExchanges *self, GError **error);
/* (transfer none): after plum_exchanges_open () */
GInetAddress *plum_exchanges_get_local_address (PlumExchanges *self);
/* The gateway, in words. */
const char *plum_exchanges_get_peer (PlumExchanges *self);
const char *plum_exchanges_get_label (PlumExchanges *self);
GMainContext *plum_exchanges_get_context (PlumExchanges *self);

/* Needs a socket. func is not called before this has returned. */
void plum_exchanges_start (PlumExchanges *self, PlumExchange *exchange);
/* (nullable) (transfer none): started, not ended, and sent at least once */
PlumExchange *plum_exchanges_lookup (PlumExchanges *self, const PlumExchangeKey *key);
/* Ends all of them as FAILED. */
void plum_exchanges_fail_all (PlumExchanges *self, const GError *error);
/* Takes it out; func is not called. Does nothing if it has ended. */
void plum_exchange_remove (PlumExchange *exchange);
/* What the end of an exchange means, in words that begin with the label. One that was cancelled
 * means nothing to anybody: it is not for this. (transfer full) */
GError *plum_exchange_make_error (PlumExchanges *self,
                                  PlumExchange *exchange,
                                  PlumExchangeOutcome outcome,
                                  const GError *error);

G_END_DECLS
