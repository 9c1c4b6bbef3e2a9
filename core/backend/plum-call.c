/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-call-private.h"
#include "plum-log-private.h"
#include "plum-main-context-private.h"

#include <glib/gi18n-lib.h>

/* How many timeouts a call waits while the backend settles others. */
#define TIMEOUTS_MAX 60

/**
 * PlumCall:
 *
 * One operation that a backend is asked to perform.
 *
 * The backend settles the call, either at once or later, with exactly one of the
 * `plum_call_return_*` functions that fits the operation, or with an error.
 *
 * A call belongs to the thread that runs the main context of the manager. A result that another
 * thread passes is ignored, with a critical message.
 *
 * The result is delivered in a later iteration of the main loop. If the backend does not settle the
 * call in time, the library fails it with %PLUM_ERROR_TIMED_OUT. Settling a call after that has no
 * effect; settling it twice is a programming error.
 *
 * Since: 1.0
 */
struct _PlumCall
{
  GObject parent_instance;

  PlumCallHost *host; /* its owner is kept alive */
  PlumCallKind kind;
  guint cancelled : 1;
  guint pending : 1;
  guint settled : 1; /* by the backend */
  guint timeout_ms;
  guint remaining;      /* s; PLUM_LIFETIME_FOREVER: unknown */
  PlumRequest *request; /* (nullable) */
  PlumCallFunc func;
  gpointer user_data;

  GCancellable *cancellable;            /* (nullable): created on demand */
  PlumCallCancelledFunc cancelled_func; /* (nullable) */
  gpointer cancelled_data;
  PlumTimer deadline;
  gint64 started;
  GSource *delivery; /* set once the result is known, until it is delivered */
  GList link;        /* in the host's calls, while pending */

  gpointer result; /* (nullable): an object whose type depends on the kind */
  GError *error;   /* (nullable) */
};

G_DEFINE_FINAL_TYPE (PlumCall, plum_call, G_TYPE_OBJECT)

static void
plum_call_finalize (GObject *object)
{
  PlumCall *self = PLUM_CALL (object);

  g_assert (!self->pending);

  if (self->host != NULL)
    g_object_unref (self->host->owner);
  g_clear_object (&self->request);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->result);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (plum_call_parent_class)->finalize (object);
}

static void
plum_call_class_init (PlumCallClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plum_call_finalize;
}

static void
plum_call_init (PlumCall *self)
{
  self->link.data = self;
  self->remaining = PLUM_LIFETIME_FOREVER;
}

static void
plum_call_remove_from_host (PlumCall *self)
{
  g_assert (self->pending);

  self->pending = FALSE;
  plum_clock_disarm (self->host->clock, &self->deadline);
  g_queue_unlink (&self->host->calls, &self->link);
  if (self->delivery != NULL)
    {
      g_source_destroy (self->delivery);
      g_clear_pointer (&self->delivery, g_source_unref);
    }
}

/* The result is no longer needed. The backend may report an event now, and a handler of the program
 * release the call. */
static void
plum_call_tell_backend (PlumCall *self)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);
  PlumCallCancelledFunc func = g_steal_pointer (&self->cancelled_func);

  self->cancelled = TRUE;
  if (func != NULL)
    func (self, self->cancelled_data);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr (PlumCall) self = user_data; /* the reference of the host's queue */

  plum_call_remove_from_host (self);
  if (self->func != NULL)
    self->func (self, self->user_data);
  if (self->kind == PLUM_CALL_DISCOVER)
    self->host->discovered (self->host->owner);

  return G_SOURCE_REMOVE;
}

static void
plum_call_schedule_delivery (PlumCall *self)
{
  g_assert (self->delivery == NULL);

  self->delivery = g_idle_source_new ();
  g_source_set_priority (self->delivery, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->delivery, "[plum] result of a call");
  g_source_set_callback (self->delivery, on_deliver, self, NULL);
  g_source_attach (self->delivery, self->host->context);
}

/* A router may serve one request after the other: a mapping that waits for others is not
 * unanswered. A backend that maps the others but never this one must not keep it pending for ever.
 * Other calls are not extended: their timeouts are promises to the program. */
static gboolean
plum_call_may_wait_for_others (PlumCall *self)
{
  gint64 now = plum_clock_get_time (self->host->clock);
  gint64 timeout = self->timeout_ms * G_GINT64_CONSTANT (1000);

  return self->kind == PLUM_CALL_MAP && now < self->host->mapped + timeout &&
         now < self->started + TIMEOUTS_MAX * timeout;
}

static void
on_deadline (gpointer user_data)
{
  PlumCall *self = user_data;
  double seconds;

  if (self->delivery != NULL)
    return;

  if (plum_call_may_wait_for_others (self))
    {
      plum_clock_arm (self->host->clock, &self->deadline,
                      self->host->mapped + self->timeout_ms * G_GINT64_CONSTANT (1000));
      return;
    }

  seconds = (double) (plum_clock_get_time (self->host->clock) - self->started) / G_USEC_PER_SEC;
  self->error =
    g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                 _ ("The backend “%s” did not answer within %.1f s"), self->host->name, seconds);
  plum_call_schedule_delivery (self);
  plum_call_tell_backend (self);
}

PlumCall *
plum_call_new (PlumCallHost *host,
               PlumCallKind kind,
               PlumRequest *request,
               guint timeout_ms,
               PlumCallFunc func,
               gpointer user_data)
{
  PlumCall *self = g_object_new (PLUM_TYPE_CALL, NULL);

  self->host = host;
  g_object_ref (host->owner);
  self->kind = kind;
  g_set_object (&self->request, request);
  self->func = func;
  self->user_data = user_data;
  self->timeout_ms = timeout_ms;
  self->started = plum_clock_get_time (host->clock);
  self->pending = TRUE;
  g_object_ref (self);
  g_queue_push_tail_link (&host->calls, &self->link);

  plum_timer_init (&self->deadline, on_deadline, self);
  plum_clock_arm_in_ms (host->clock, &self->deadline, timeout_ms);

  return self;
}

void
plum_call_cancel (PlumCall *self)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);

  if (!self->pending)
    return;

  plum_call_remove_from_host (self);
  if (plum_call_get_lease (self) != NULL)
    self->host->late_lease (self->host->owner, self->request, self->result);
  plum_call_tell_backend (self);
  g_object_unref (self); /* the reference of the host's queue */
}

void
plum_call_finish (PlumCall *self, const GError *error)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);
  PlumCallFunc func = self->func;

  plum_call_cancel (self);
  g_clear_object (&self->result);
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  if (func != NULL)
    func (self, self->user_data);
}

/* error: (nullable). Returns FALSE if the result is no longer needed. */
static gboolean
plum_call_settle (PlumCall *self, const GError *error)
{
  if (self->settled)
    {
      g_critical ("The backend “%s” settled a call twice", self->host->name);
      return FALSE;
    }

  self->settled = TRUE;
  self->cancelled_func = NULL;
  if (self->kind == PLUM_CALL_MAP && error == NULL)
    self->host->mapped = plum_clock_get_time (self->host->clock);
  if (!self->pending || self->delivery != NULL)
    return FALSE;

  plum_call_schedule_delivery (self);
  return TRUE;
}

/**
 * plum_call_get_request:
 * @self: a call
 *
 * Gets the request that the call is about.
 *
 * Returns: (transfer none) (nullable): the request, or %NULL if the operation has none
 *
 * Since: 1.0
 */
PlumRequest *
plum_call_get_request (PlumCall *self)
{
  g_return_val_if_fail (PLUM_IS_CALL (self), NULL);

  return self->request;
}

/**
 * plum_call_get_cancellable:
 * @self: a call
 *
 * Gets a cancellable that is cancelled when the result is no longer needed. The backend then stops
 * working on the call.
 *
 * Settling the call after that is allowed and has no effect, except that a lease passed to
 * [method@Plum.Call.return_lease] is released on the router.
 *
 * A backend that needs no [class@Gio.Cancellable] can use [method@Plum.Call.set_cancelled_func],
 * which takes less memory and time.
 *
 * Returns: (transfer none): the cancellable
 *
 * Since: 1.0
 */
GCancellable *
plum_call_get_cancellable (PlumCall *self)
{
  g_return_val_if_fail (PLUM_IS_CALL (self), NULL);

  if (self->cancellable == NULL)
    {
      self->cancellable = g_cancellable_new ();
      if (self->cancelled)
        g_cancellable_cancel (self->cancellable);
    }

  return self->cancellable;
}

/**
 * plum_call_set_cancelled_func: (skip)
 * @self: a call
 * @func: (nullable): a function, or %NULL for none
 * @user_data: data for @func
 *
 * Sets the function that is called when the result is no longer needed. The backend then stops
 * working on the call, as described for [method@Plum.Call.get_cancellable].
 *
 * A call has one such function: another one replaces it. It is called once at most, and not after
 * the call was settled, or if the result is already no longer needed: see
 * [method@Plum.Call.is_settled]. The function may settle the call, and release it.
 *
 * Language bindings use [method@Plum.Call.get_cancellable] instead.
 *
 * Since: 1.0
 */
void
plum_call_set_cancelled_func (PlumCall *self, PlumCallCancelledFunc func, gpointer user_data)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);

  self->cancelled_func = !plum_call_is_settled (self) ? func : NULL;
  self->cancelled_data = user_data;
}

/**
 * plum_call_is_settled:
 * @self: a call
 *
 * Checks whether the call no longer needs a result: it was settled or cancelled, or has timed out.
 *
 * Returns: %TRUE if the backend has nothing left to do for the call
 *
 * Since: 1.0
 */
gboolean
plum_call_is_settled (PlumCall *self)
{
  g_return_val_if_fail (PLUM_IS_CALL (self), TRUE);

  return self->settled || !self->pending || self->delivery != NULL;
}

/**
 * plum_call_return_done:
 * @self: a call of `discover`, `unmap`, `unmap_moved`, `check` or `delete_entry`
 *
 * Settles the call with success.
 *
 * Since: 1.0
 */
void
plum_call_return_done (PlumCall *self)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (self->kind == PLUM_CALL_DISCOVER || self->kind == PLUM_CALL_UNMAP ||
                    self->kind == PLUM_CALL_UNMAP_MOVED || self->kind == PLUM_CALL_CHECK ||
                    self->kind == PLUM_CALL_DELETE_ENTRY);

  plum_call_settle (self, NULL);
}

/**
 * plum_call_return_remaining:
 * @self: a call of `check`
 * @seconds: how long the router keeps the mapping, as it reports now, in seconds;
 *   %PLUM_LIFETIME_FOREVER if it reports no end
 *
 * Settles the call with success: the router has the mapping, for the time that it reports.
 *
 * Some routers count this time down, others repeat the requested lifetime. The library uses it only
 * if it is shorter than the lease that it knows: the mapping is then renewed earlier.
 *
 * Since: 1.0
 */
void
plum_call_return_remaining (PlumCall *self, guint seconds)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (self->kind == PLUM_CALL_CHECK);

  if (plum_call_settle (self, NULL))
    self->remaining = seconds;
}

/**
 * plum_call_return_lease:
 * @self: a call of `map`
 * @lease: (transfer none): the lease that the router granted
 *
 * Settles the call with a lease: the port is mapped.
 *
 * Since: 1.0
 */
void
plum_call_return_lease (PlumCall *self, PlumLease *lease)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (PLUM_IS_LEASE (lease));
  g_return_if_fail (self->kind == PLUM_CALL_MAP);

  if (plum_call_settle (self, NULL))
    self->result = g_object_ref (lease);
  else if (self->result == NULL)
    self->host->late_lease (self->host->owner, self->request, lease);
}

/**
 * plum_call_return_address:
 * @self: a call of `get_external_address`
 * @address: (transfer none): the router's external address
 *
 * Settles the call with the external address.
 *
 * Since: 1.0
 */
void
plum_call_return_address (PlumCall *self, GInetAddress *address)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (G_IS_INET_ADDRESS (address));
  g_return_if_fail (self->kind == PLUM_CALL_GET_EXTERNAL_ADDRESS);

  if (plum_call_settle (self, NULL))
    self->result = g_object_ref (address);
}

/**
 * plum_call_return_entries:
 * @self: a call of `list`
 * @entries: (transfer none): a list of [class@Plum.Entry]
 *
 * Settles the call with the entries of the router's mapping table.
 *
 * Since: 1.0
 */
void
plum_call_return_entries (PlumCall *self, GListModel *entries)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (G_IS_LIST_MODEL (entries));
  g_return_if_fail (g_type_is_a (g_list_model_get_item_type (entries), PLUM_TYPE_ENTRY));
  g_return_if_fail (self->kind == PLUM_CALL_LIST);

  if (plum_call_settle (self, NULL))
    self->result = g_object_ref (entries);
}

/**
 * plum_call_return_error:
 * @self: a call
 * @error: (transfer full): the error, preferably of the %PLUM_ERROR domain; its message names the
 *   router, what it sent and what was expected
 *
 * Settles the call with an error.
 *
 * Since: 1.0
 */
void
plum_call_return_error (PlumCall *self, GError *error)
{
  g_autoptr (GError) owned = error;

  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (error != NULL);

  if (plum_call_settle (self, error))
    self->error = g_steal_pointer (&owned);
}

/**
 * plum_call_fail:
 * @self: a call
 * @code: the error code
 * @message: the error message; a user can act on it
 *
 * Settles the call with an error of the %PLUM_ERROR domain. Unlike
 * [method@Plum.Call.return_error], it can be called from language bindings without creating a
 * [struct@GLib.Error].
 *
 * Since: 1.0
 */
void
plum_call_fail (PlumCall *self, PlumError code, const char *message)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->host->context);
  g_return_if_fail (message != NULL);

  plum_call_return_error (self, g_error_new_literal (PLUM_ERROR, code, message));
}

gpointer
plum_call_get_owner (PlumCall *self)
{
  return self->host->owner;
}

const GError *
plum_call_get_error (PlumCall *self)
{
  return self->error;
}

guint
plum_call_get_remaining (PlumCall *self)
{
  return self->remaining;
}

PlumLease *
plum_call_get_lease (PlumCall *self)
{
  return self->kind == PLUM_CALL_MAP ? self->result : NULL;
}

GInetAddress *
plum_call_get_address (PlumCall *self)
{
  return self->kind == PLUM_CALL_GET_EXTERNAL_ADDRESS ? self->result : NULL;
}

GListModel *
plum_call_get_entries (PlumCall *self)
{
  return self->kind == PLUM_CALL_LIST ? self->result : NULL;
}
