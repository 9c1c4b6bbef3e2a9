/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-exchange.h"

#include "plum-backend-log.h"
#include "plum-bytes.h"
#include "plum-udp.h"
#include <glib/gi18n-lib.h>

/* Answers that take longer come after the last send of a deletion. */
#define SLOW_US (1750 * 1000)

struct _PlumExchanges
{
  PlumBackend *backend;
  GMainContext *context;
  char *label;
  char *peer;
  guint16 port;
  guint window;
  guint n_slot_sends;
  PlumReceiveFunc received;
  gpointer user_data;

  PlumUdp *udp;
  GHashTable *by_key;     /* key -> the first exchange of that key, queued or in flight */
  GQueue waiting;         /* for the window */
  GSequence *by_deadline; /* exchanges in flight */
  guint n_slots;          /* in use, of the window */
  guint64 serial;         /* of datagrams sent */
  gboolean slow;

  GSource *timer;
  gint64 timer_at;

  GError *icmp_error; /* reported by a send; fails the exchanges sent before icmp_serial */
  guint64 icmp_serial;
  gboolean closed;
};

static void exchange_unlink (PlumExchange *exchange);
static void exchanges_fill_window (PlumExchanges *self);
static void exchanges_clear (gpointer data);

guint
plum_exchange_key_hash (gconstpointer data)
{
  const PlumExchangeKey *key = data;
  guint hash = 2166136261u;

  for (size_t i = 0; i < PLUM_EXCHANGE_KEY_SIZE; i++)
    hash = (hash ^ key->bytes[i]) * 16777619u;
  return hash;
}

gboolean
plum_exchange_key_equal (gconstpointer a, gconstpointer b)
{
  return plum_bytes_equal (((const PlumExchangeKey *) a)->bytes,
                           ((const PlumExchangeKey *) b)->bytes, PLUM_EXCHANGE_KEY_SIZE);
}

static int
compare_deadlines (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const PlumExchange *x = a;
  const PlumExchange *y = b;

  return (x->deadline > y->deadline) - (x->deadline < y->deadline);
}

/* Finishes an exchange other than by plum_exchange_remove (). */
static void
exchange_finish (PlumExchange *exchange, PlumExchangeOutcome outcome, const GError *error)
{
  g_autoptr (GError) own_error = g_steal_pointer (&exchange->error);

  exchange_unlink (exchange);
  exchange->func (exchange, outcome, own_error != NULL ? own_error : error);
}

static void
exchanges_clear_timer (PlumExchanges *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

/* Fails the exchanges that were in flight when the ICMP error was caused. */
static void
exchanges_deliver_icmp (PlumExchanges *self)
{
  g_autoptr (GError) error = g_steal_pointer (&self->icmp_error);
  g_autoptr (GPtrArray) hit = g_ptr_array_new ();
  GSequenceIter *iter = g_sequence_get_begin_iter (self->by_deadline);

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      PlumExchange *exchange = g_sequence_get (iter);

      if (exchange->first_serial < self->icmp_serial)
        g_ptr_array_add (hit, exchange);
    }

  if (hit->len == 0)
    plum_log_debug ("%s: a late error from %s: %s", self->label, self->peer, error->message);

  /* Unlink all before the first callback, so that it finds none of them. */
  for (unsigned int i = 0; i < hit->len; i++)
    exchange_unlink (hit->pdata[i]);
  for (unsigned int i = 0; i < hit->len; i++)
    {
      PlumExchange *exchange = hit->pdata[i];

      exchange->func (exchange, PLUM_EXCHANGE_FAILED, error);
    }
}

/* Sends the request, and updates its deadline. */
static void
exchanges_transmit (PlumExchanges *self, PlumExchange *exchange)
{
  gint64 now = plum_backend_get_time (self->backend);
  g_autoptr (GError) error = NULL;
  gboolean sent;

  sent = plum_udp_send (self->udp, exchange->request, exchange->request_len, &error);
  if (!sent && plum_udp_is_icmp (error))
    {
      /* The error of an earlier datagram. The failed send has cleared it. */
      g_clear_error (&self->icmp_error);
      self->icmp_error = g_steal_pointer (&error);
      self->icmp_serial = self->serial;
      sent = plum_udp_send (self->udp, exchange->request, exchange->request_len, &error);
    }

  if (exchange->n_sent++ == 0)
    {
      exchange->first_sent = now;
      exchange->first_serial = self->serial;
    }
  self->serial++;

  exchange->wait_ms = plum_retry_wait_ms (exchange->plan, exchange->n_sent, exchange->wait_ms,
                                          plum_retry_choose_jitter (g_random_int ()));
  exchange->deadline = now + exchange->wait_ms * 1000;
  if (!sent && plum_udp_is_transient (error) &&
      !plum_retry_is_last (exchange->plan, exchange->n_sent))
    {
      plum_log_debug ("%s: %s", self->label, error->message);
    }
  else if (!sent)
    {
      /* Fail in the main loop, never within plum_exchanges_start (). */
      exchange->error = g_steal_pointer (&error);
      exchange->deadline = now;
    }

  if (exchange->deadline_iter == NULL)
    exchange->deadline_iter =
      g_sequence_insert_sorted (self->by_deadline, exchange, compare_deadlines, NULL);
  else
    g_sequence_sort_changed (exchange->deadline_iter, compare_deadlines, NULL);
}

static void
exchange_release_slot (PlumExchange *exchange)
{
  if (exchange->holds_slot)
    exchange->owner->n_slots--;
  exchange->holds_slot = FALSE;
}

/* Sends nothing more, but waits for a late answer. */
static void
exchange_become_late (PlumExchange *exchange)
{
  exchange->is_late = TRUE;
  exchange_release_slot (exchange);
  exchange->deadline += (gint64) exchange->plan->late_ms * 1000;
  g_sequence_sort_changed (exchange->deadline_iter, compare_deadlines, NULL);

  /* Last: it may free the exchange. */
  if (exchange->late != NULL)
    exchange->late (exchange);
}

/* The deadline of an exchange has passed. */
static void
exchanges_expire (PlumExchanges *self, PlumExchange *exchange)
{
  if (exchange->error != NULL)
    {
      exchange_finish (exchange, PLUM_EXCHANGE_FAILED, NULL);
      return;
    }

  if (plum_retry_is_last (exchange->plan, exchange->n_sent))
    {
      if (exchange->plan->late_ms > 0 && !exchange->is_late)
        exchange_become_late (exchange);
      else
        exchange_finish (exchange, PLUM_EXCHANGE_TIMED_OUT, NULL);
      return;
    }

  if (self->n_slot_sends != 0 && exchange->n_sent >= self->n_slot_sends)
    exchange_release_slot (exchange);
  exchanges_transmit (self, exchange);
}

static gboolean
on_timer (gpointer user_data)
{
  PlumExchanges *self = g_rc_box_acquire (user_data);
  G_GNUC_UNUSED g_autoptr (PlumBackend) alive = g_object_ref (self->backend);
  gint64 now = plum_backend_get_time (self->backend);

  g_clear_pointer (&self->timer, g_source_unref);
  if (self->icmp_error != NULL)
    exchanges_deliver_icmp (self);

  while (!self->closed)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->by_deadline);
      PlumExchange *exchange;

      if (g_sequence_iter_is_end (first))
        break;
      exchange = g_sequence_get (first);
      if (exchange->deadline > now)
        break;
      exchanges_expire (self, exchange);
    }

  if (!self->closed)
    exchanges_fill_window (self);
  g_rc_box_release_full (self, exchanges_clear);
  return G_SOURCE_REMOVE;
}

/* One timer, for the earliest deadline. A timer that is set for an earlier time is kept. */
static void
exchanges_update_timer (PlumExchanges *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->by_deadline);
  gint64 now, at;

  if (g_sequence_iter_is_end (first) && self->icmp_error == NULL)
    {
      exchanges_clear_timer (self);
      return;
    }

  now = plum_backend_get_time (self->backend);
  at = self->icmp_error != NULL ? now : ((PlumExchange *) g_sequence_get (first))->deadline;
  if (self->timer != NULL && self->timer_at <= at)
    return;

  exchanges_clear_timer (self);
  self->timer_at = MAX (at, now);
  self->timer =
    plum_backend_create_timer (self->backend, (guint) ((self->timer_at - now + 999) / 1000));
  g_source_set_callback (self->timer, on_timer, self, NULL);
}

/* Sends as many requests as the window has room for. */
static void
exchanges_fill_window (PlumExchanges *self)
{
  while (self->n_slots < self->window)
    {
      GList *link = g_queue_peek_head_link (&self->waiting);
      PlumExchange *exchange;

      if (link == NULL)
        break;

      exchange = link->data;
      g_queue_unlink (&self->waiting, link);
      exchange->queue = NULL;
      exchange->holds_slot = TRUE;
      self->n_slots++;
      exchanges_transmit (self, exchange);
    }

  exchanges_update_timer (self);
}

static void
exchange_enqueue (PlumExchange *exchange, GQueue *queue)
{
  exchange->queue = queue;
  g_queue_push_tail_link (queue, &exchange->link);
}

/* The next exchange of the same key takes the place of a finished one. */
static void
exchange_promote_follower (PlumExchange *exchange)
{
  PlumExchanges *self = exchange->owner;
  GList *link = g_queue_pop_head_link (&exchange->followers);
  PlumExchange *next;

  g_hash_table_remove (self->by_key, &exchange->key);
  if (link == NULL)
    return;

  next = link->data;
  next->queue = NULL;
  while ((link = g_queue_pop_head_link (&exchange->followers)) != NULL)
    exchange_enqueue (link->data, &next->followers);

  g_hash_table_insert (self->by_key, &next->key, next);
  exchange_enqueue (next, &self->waiting);
}

static void
exchange_unlink (PlumExchange *exchange)
{
  PlumExchanges *self = exchange->owner;

  if (exchange->queue != NULL)
    g_queue_unlink (exchange->queue, &exchange->link);
  exchange->queue = NULL;

  g_clear_pointer (&exchange->deadline_iter, g_sequence_remove);
  exchange_release_slot (exchange);
  g_clear_error (&exchange->error);
  g_clear_pointer (&exchange->request, g_free);

  if (g_hash_table_lookup (self->by_key, &exchange->key) == exchange)
    exchange_promote_follower (exchange);
  exchange->owner = NULL;
}

void
plum_exchange_cancel (PlumExchange *exchange)
{
  PlumExchanges *self = exchange->owner;

  if (self == NULL)
    return;

  g_rc_box_acquire (self);
  exchange_finish (exchange, PLUM_EXCHANGE_CANCELLED, NULL);
  if (!self->closed)
    exchanges_fill_window (self);
  g_rc_box_release_full (self, exchanges_clear);
}

void
plum_exchanges_start (PlumExchanges *self,
                      PlumExchange *exchange,
                      const uint8_t *request,
                      size_t request_len)
{
  PlumExchange *first = g_hash_table_lookup (self->by_key, &exchange->key);

  g_assert (exchange->owner == NULL && request_len > 0 && self->udp != NULL);

  exchange->owner = self;
  exchange->request = g_memdup2 (request, request_len);
  exchange->request_len = request_len;
  exchange->link = (GList){ .data = exchange };
  exchange->n_sent = 0;
  exchange->wait_ms = 0;
  exchange->is_late = FALSE;
  g_queue_init (&exchange->followers);

  if (first != NULL)
    {
      exchange_enqueue (exchange, &first->followers);
      return;
    }

  g_hash_table_insert (self->by_key, &exchange->key, exchange);
  if (exchange->bypass_window)
    exchanges_transmit (self, exchange);
  else
    exchange_enqueue (exchange, &self->waiting);
  exchanges_fill_window (self);
}

void
plum_exchange_remove (PlumExchange *exchange)
{
  PlumExchanges *self = exchange->owner;

  if (self == NULL)
    return;

  exchange_unlink (exchange);
  exchanges_fill_window (self);
}

PlumExchange *
plum_exchanges_lookup (PlumExchanges *self, const PlumExchangeKey *key)
{
  PlumExchange *exchange = g_hash_table_lookup (self->by_key, key);

  return exchange != NULL && exchange->n_sent > 0 ? exchange : NULL;
}

static void
exchanges_finish_all (PlumExchanges *self, PlumExchangeOutcome outcome, const GError *error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumExchange *exchange = value;

      g_ptr_array_add (all, exchange);
      for (GList *link = exchange->followers.head; link != NULL; link = link->next)
        g_ptr_array_add (all, link->data);
    }

  for (unsigned int i = 0; i < all->len; i++)
    exchange_unlink (all->pdata[i]);
  for (unsigned int i = 0; i < all->len; i++)
    {
      PlumExchange *exchange = all->pdata[i];

      exchange->func (exchange, outcome, error);
    }
}

void
plum_exchanges_fail_all (PlumExchanges *self, const GError *error)
{
  exchanges_finish_all (self, PLUM_EXCHANGE_FAILED, error);
  exchanges_update_timer (self);
}

static void
on_datagram (const uint8_t *data, size_t len, gpointer user_data)
{
  PlumExchanges *self = user_data;

  self->received (data, len, self->user_data);
}

static void
on_icmp (const GError *error, gpointer user_data)
{
  PlumExchanges *self = g_rc_box_acquire (user_data);

  g_clear_error (&self->icmp_error);
  self->icmp_error = g_error_copy (error);
  self->icmp_serial = G_MAXUINT64;
  exchanges_deliver_icmp (self);
  if (!self->closed)
    exchanges_fill_window (self);
  g_rc_box_release_full (self, exchanges_clear);
}

PlumExchanges *
plum_exchanges_new (PlumBackend *backend,
                    const char *label,
                    guint16 port,
                    guint window,
                    guint n_slot_sends,
                    PlumReceiveFunc received,
                    gpointer user_data)
{
  GInetAddress *gateway = plum_network_get_gateway (plum_backend_get_network (backend));
  PlumExchanges *self = g_rc_box_new0 (PlumExchanges);

  self->backend = backend;
  self->context = g_main_context_ref_thread_default ();
  self->label = g_strdup (label);
  self->peer = gateway != NULL ? g_inet_address_to_string (gateway) : g_strdup (_ ("no gateway"));
  self->port = port;
  self->window = window;
  self->n_slot_sends = n_slot_sends;
  self->received = received;
  self->user_data = user_data;
  self->by_key = g_hash_table_new (plum_exchange_key_hash, plum_exchange_key_equal);
  self->by_deadline = g_sequence_new (NULL);
  g_queue_init (&self->waiting);
  return self;
}

static void
exchanges_clear (gpointer data)
{
  PlumExchanges *self = data;

  g_clear_pointer (&self->by_key, g_hash_table_unref);
  g_clear_pointer (&self->by_deadline, g_sequence_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->label, g_free);
  g_clear_pointer (&self->peer, g_free);
  g_clear_error (&self->icmp_error);
}

void
plum_exchanges_free (PlumExchanges *self)
{
  self->closed = TRUE;
  exchanges_clear_timer (self);
  g_clear_pointer (&self->udp, plum_udp_free);
  exchanges_finish_all (self, PLUM_EXCHANGE_CANCELLED, NULL);
  g_rc_box_release_full (self, exchanges_clear);
}

gboolean
plum_exchanges_open (PlumExchanges *self, GError **error)
{
  static const PlumUdpFuncs funcs = { .received = on_datagram, .failed = on_icmp };
  g_autoptr (GError) local_error = NULL;

  if (self->udp != NULL)
    return TRUE;

  self->udp = plum_udp_new (self->backend, self->context, self->port, &funcs, self, &local_error);
  if (self->udp != NULL)
    return TRUE;

  g_propagate_prefixed_error (error, g_steal_pointer (&local_error),
                              _ ("%s: cannot open a socket to %s: "), self->label, self->peer);
  return FALSE;
}

GInetAddress *
plum_exchanges_get_client_address (PlumExchanges *self)
{
  return plum_udp_get_client_address (self->udp);
}

const char *
plum_exchanges_get_peer (PlumExchanges *self)
{
  return self->peer;
}

const char *
plum_exchanges_get_label (PlumExchanges *self)
{
  return self->label;
}

GMainContext *
plum_exchanges_get_context (PlumExchanges *self)
{
  return self->context;
}

gboolean
plum_exchange_is_late (PlumExchange *exchange)
{
  return exchange->is_late;
}

void
plum_exchange_note_answer (PlumExchange *exchange)
{
  PlumExchanges *self = exchange->owner;

  /* Of several sends it is unknown which one was answered. */
  if (plum_backend_get_time (self->backend) - exchange->first_sent >= SLOW_US)
    self->slow = TRUE;
  else if (exchange->n_sent == 1)
    self->slow = FALSE;
}

gboolean
plum_exchanges_are_slow (PlumExchanges *self)
{
  return self->slow;
}

GError *
plum_exchange_make_error (PlumExchanges *self,
                          PlumExchange *exchange,
                          PlumExchangeOutcome outcome,
                          const GError *error)
{
  double seconds = (double) (plum_backend_get_time (self->backend) - exchange->first_sent) / 1e6;

  g_assert (outcome != PLUM_EXCHANGE_CANCELLED); /* it has no caller to report an error to */
  if (outcome == PLUM_EXCHANGE_TIMED_OUT)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, _ ("%s: no answer from %s in %.1f s"),
                        self->label, self->peer, seconds);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return g_error_new (G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, _ ("%s: %s refused port %u"),
                        self->label, self->peer, self->port);

  if (error->domain == PLUM_ERROR)
    return g_error_copy (error);
  return g_error_new (error->domain, error->code, _ ("%s: %s cannot be reached: %s"), self->label,
                      self->peer, error->message);
}
