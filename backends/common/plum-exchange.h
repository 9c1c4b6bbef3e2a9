/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

#include "plum-retry.h"

G_BEGIN_DECLS

/*
 * Requests to one gateway, many in flight on one socket with one timer. A request is queued until
 * the window has room for it. The owner gets every datagram, finds the exchange that it answers by
 * the key, and removes that exchange. Each step costs O(log n) of the exchanges in flight.
 */
typedef struct _PlumExchanges PlumExchanges;
typedef struct _PlumExchange PlumExchange;

#define PLUM_EXCHANGE_KEY_SIZE 16
/* The longest request: that of PCP (RFC 6887 7). */
#define PLUM_EXCHANGE_REQUEST_MAX 1100

/* What a response must repeat of its request. */
typedef struct
{
  uint8_t bytes[PLUM_EXCHANGE_KEY_SIZE];
} PlumExchangeKey;

guint plum_exchange_key_hash (gconstpointer data);
gboolean plum_exchange_key_equal (gconstpointer a, gconstpointer b);

typedef enum {
  PLUM_EXCHANGE_TIMED_OUT, /* no answer after the last send of the plan */
  PLUM_EXCHANGE_FAILED,    /* an error of the socket, or of the network by ICMP */
  PLUM_EXCHANGE_CANCELLED, /* by plum_exchange_cancel (), or because its PlumExchanges is freed */
} PlumExchangeOutcome;

/* The exchange has finished other than by plum_exchange_remove (). It is in no list, and may be
 * freed. */
typedef void (*PlumExchangeFunc) (PlumExchange *exchange,
                                  PlumExchangeOutcome outcome,
                                  const GError *error);

/* Embedded in its owner. The owner sets the members of the first group before
 * plum_exchanges_start (); all others are zero then, and private to plum-exchange.c. */
struct _PlumExchange
{
  PlumExchangeKey key; /* first: a hash table of exchanges then needs no separate keys */
  PlumExchangeFunc func;
  const PlumRetryPlan *plan;
  void (*late) (PlumExchange *exchange); /* (nullable): see plum_exchange_is_late () */
  guint bypass_window : 1;               /* sent at once, even if the window is full */

  guint holds_slot : 1;
  guint is_late : 1;
  guint n_sent;
  PlumExchanges *owner; /* NULL: not started, or finished */
  uint8_t *request;
  size_t request_len;
  GList link;
  GQueue *queue;                /* the one that link is in */
  GQueue followers;             /* of the same key, each waits for the one before */
  GSequenceIter *deadline_iter; /* NULL: not sent yet */
  gint64 first_sent;
  gint64 deadline;
  gint64 wait_ms;
  guint64 first_serial;
  GError *error;
};

typedef void (*PlumReceiveFunc) (const uint8_t *data, size_t len, gpointer user_data);

/* backend: borrowed, and outlives it. window: the number of requests in flight at a time.
 * n_slot_sends: after so many sends a request no longer counts for the window, so that unanswered
 * requests do not delay the others; 0: it always counts. */
PlumExchanges *plum_exchanges_new (PlumBackend *backend,
                                   const char *label,
                                   guint16 port,
                                   guint window,
                                   guint n_slot_sends,
                                   PlumReceiveFunc received,
                                   gpointer user_data);
void plum_exchanges_free (PlumExchanges *self);
/* Opens the socket, if it is not open. It stays open until plum_exchanges_free (). */
gboolean plum_exchanges_open (PlumExchanges *self, GError **error);
/* (transfer none): after plum_exchanges_open () */
GInetAddress *plum_exchanges_get_client_address (PlumExchanges *self);
/* The gateway, for messages. */
const char *plum_exchanges_get_peer (PlumExchanges *self);
const char *plum_exchanges_get_label (PlumExchanges *self);
GMainContext *plum_exchanges_get_context (PlumExchanges *self);

/* Whether the last answers came later than a gateway on the link needs. */
gboolean plum_exchanges_are_slow (PlumExchanges *self);

/* The socket must be open. func is not called before this returns. request: copied. */
void plum_exchanges_start (PlumExchanges *self,
                           PlumExchange *exchange,
                           const uint8_t *request,
                           size_t request_len);
/* (nullable) (transfer none): one that was sent at least once, and has not finished. */
PlumExchange *plum_exchanges_lookup (PlumExchanges *self, const PlumExchangeKey *key);
/* Finishes all exchanges as FAILED. */
void plum_exchanges_fail_all (PlumExchanges *self, const GError *error);
/* Removes an exchange from its PlumExchanges, without calling func. Does nothing if it has
 * finished. */
void plum_exchange_remove (PlumExchange *exchange);
/* Finishes an exchange as CANCELLED, if it has not finished. */
void plum_exchange_cancel (PlumExchange *exchange);
/* Whether the last send of the plan was not answered in time; a late answer still counts. */
gboolean plum_exchange_is_late (PlumExchange *exchange);
/* The exchange was answered: measures how slow the gateway is. Call it before the exchange is
 * removed. */
void plum_exchange_note_answer (PlumExchange *exchange);
/* The error for an outcome other than CANCELLED. Its message starts with the label. (transfer
 * full) */
GError *plum_exchange_make_error (PlumExchanges *self,
                                  PlumExchange *exchange,
                                  PlumExchangeOutcome outcome,
                                  const GError *error);

G_END_DECLS
