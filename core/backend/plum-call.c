/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "plum-call-private.h"
#include "plum-log-private.h"

/**
 * PlumCall:
 *
 * One thing that a backend was asked to do, to be settled by the backend: at once or later, with
 * exactly one of the `plum_call_return_*` functions that fits the question, or with an error.
 *
 * The outcome is delivered in a later turn of the main loop. A call that nobody settles is settled
 * by the library when its time is up; an outcome that comes after that is no mistake, a second
 * outcome is one.
 *
 * Since: 1.0
 */
struct _PlumCall
{
  GObject parent_instance;

  PlumBackend *backend;
  PlumCallKind kind;
  PlumRequest *request; /* (nullable) */
  PlumCallFunc func;
  gpointer user_data;

  GCancellable *cancellable;
  PlumTimer deadline;
  gint64 started;
  GSource *delivery; /* set once core knows the outcome, until it is told */
  GList link;        /* in the backend's open calls, while core waits */
  gboolean waiting;  /* core wants the outcome */
  gboolean settled;  /* the backend has told one */

  PlumLease *lease;
  GInetAddress *address;
  GListModel *entries;
  GError *error;
};

G_DEFINE_FINAL_TYPE (PlumCall, plum_call, G_TYPE_OBJECT)

static void
plum_call_finalize (GObject *object)
{
  PlumCall *self = PLUM_CALL (object);

  g_assert (!self->waiting);

  g_clear_object (&self->backend);
  g_clear_object (&self->request);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->lease);
  g_clear_object (&self->address);
  g_clear_object (&self->entries);
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
}

/* Core stops waiting: the call is no longer the backend's open business, and lives only as long as
 * somebody holds it. */
static void
plum_call_stop_waiting (PlumCall *self)
{
  g_assert (self->waiting);

  self->waiting = FALSE;
  plum_clock_disarm (plum_backend_get_clock (self->backend), &self->deadline);
  g_queue_unlink (plum_backend_get_calls (self->backend), &self->link);
  if (self->delivery != NULL)
    {
      g_source_destroy (self->delivery);
      g_clear_pointer (&self->delivery, g_source_unref);
    }
}

static gboolean
on_deliver (gpointer user_data)
{
  g_autoptr (PlumCall) self = user_data; /* the reference that plum_backend_call () took */

  plum_call_stop_waiting (self);
  if (self->func != NULL)
    self->func (self, self->user_data);

  return G_SOURCE_REMOVE;
}

static void
plum_call_schedule_delivery (PlumCall *self)
{
  g_assert (self->delivery == NULL);

  self->delivery = g_idle_source_new ();
  g_source_set_priority (self->delivery, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->delivery, "[plum] outcome of a call");
  g_source_set_callback (self->delivery, on_deliver, self, NULL);
  g_source_attach (self->delivery, plum_backend_get_context (self->backend));
}

static void
on_deadline (gpointer user_data)
{
  PlumCall *self = user_data;
  double seconds;

  if (self->delivery != NULL)
    return;

  seconds =
    (double) (plum_clock_get_time (plum_backend_get_clock (self->backend)) - self->started) /
    G_USEC_PER_SEC;
  self->error = g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, "%s: no outcome in %.1f s",
                             plum_backend_get_name (self->backend), seconds);
  plum_call_schedule_delivery (self);
  g_cancellable_cancel (self->cancellable);
}

/* The backend may raise signals, and who hears them may end everything that args came from. */
static void
plum_call_dispatch (PlumCall *self, const PlumCallArgs *args)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);
  g_autoptr (PlumLease) lease = args->lease != NULL ? g_object_ref (args->lease) : NULL;
  g_autoptr (PlumEntry) entry = args->entry != NULL ? g_object_ref (args->entry) : NULL;
  PlumBackendClass *klass = PLUM_BACKEND_GET_CLASS (self->backend);
  GMainContext *context = plum_backend_get_context (self->backend);

  g_main_context_push_thread_default (context);

  switch (self->kind)
    {
    case PLUM_CALL_DISCOVER:
      klass->discover (self->backend, self);
      break;
    case PLUM_CALL_MAP:
      klass->map (self->backend, self->request, self);
      break;
    case PLUM_CALL_UNMAP:
      klass->unmap (self->backend, self->request, lease, self);
      break;
    case PLUM_CALL_CHECK:
      klass->check (self->backend, self->request, lease, self);
      break;
    case PLUM_CALL_GET_EXTERNAL_ADDRESS:
      klass->get_external_address (self->backend, self);
      break;
    case PLUM_CALL_LIST:
      klass->list (self->backend, self);
      break;
    case PLUM_CALL_DELETE_ENTRY:
      klass->delete_entry (self->backend, entry, self);
      break;
    default:
      g_assert_not_reached ();
    }

  g_main_context_pop_thread_default (context);
}

void
plum_backend_start_call (PlumCall **location,
                         PlumBackend *backend,
                         PlumCallKind kind,
                         const PlumCallArgs *args,
                         guint timeout_ms,
                         PlumCallFunc func,
                         gpointer user_data)
{
  static const PlumCallArgs no_args = { NULL, NULL, NULL };
  PlumClock *clock = plum_backend_get_clock (backend);
  PlumCall *self = g_object_new (PLUM_TYPE_CALL, NULL);

  g_assert (*location == NULL);

  if (args == NULL)
    args = &no_args;

  self->backend = g_object_ref (backend);
  self->kind = kind;
  g_set_object (&self->request, args->request);
  self->func = func;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->started = plum_clock_get_time (clock);
  self->waiting = TRUE;
  g_object_ref (self);
  g_queue_push_tail_link (plum_backend_get_calls (backend), &self->link);

  plum_timer_init (&self->deadline, on_deadline, self);
  plum_clock_arm_in_ms (clock, &self->deadline, timeout_ms);

  *location = self;
  plum_call_dispatch (self, args);
}

PlumCall *
plum_backend_call (PlumBackend *backend,
                   PlumCallKind kind,
                   const PlumCallArgs *args,
                   guint timeout_ms,
                   PlumCallFunc func,
                   gpointer user_data)
{
  PlumCall *self = NULL;

  plum_backend_start_call (&self, backend, kind, args, timeout_ms, func, user_data);
  return self;
}

void
plum_call_abandon (PlumCall *self)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);

  if (!self->waiting)
    return;

  plum_call_stop_waiting (self);
  if (self->lease != NULL)
    plum_backend_late_lease (self->backend, self->request, self->lease);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self); /* the reference that plum_backend_call () took */
}

void
plum_call_end (PlumCall *self, const GError *error)
{
  g_autoptr (PlumCall) alive = g_object_ref (self);
  PlumCallFunc func = self->func;

  plum_call_abandon (self);
  g_clear_object (&self->lease);
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  if (func != NULL)
    func (self, self->user_data);
}

/* FALSE if nobody waits for the outcome any more. */
static gboolean
plum_call_settle (PlumCall *self)
{
  if (self->settled)
    {
      g_critical ("%s settled a call twice", plum_backend_get_name (self->backend));
      return FALSE;
    }

  self->settled = TRUE;
  if (!self->waiting || self->delivery != NULL)
    return FALSE;

  plum_call_schedule_delivery (self);
  return TRUE;
}

/**
 * plum_call_get_cancellable:
 * @self: a call
 *
 * Gets a cancellable that fires when the outcome is not wanted any more: then stop working on it.
 * Settling it
 * after that is allowed and has no effect, but a lease that came nevertheless is given back to the
 * router.
 *
 * Returns: (transfer none): the cancellable
 *
 * Since: 1.0
 */
GCancellable *
plum_call_get_cancellable (PlumCall *self)
{
  g_return_val_if_fail (PLUM_IS_CALL (self), NULL);

  return self->cancellable;
}

/**
 * plum_call_is_settled:
 * @self: a call
 *
 * Tells if the call needs no outcome any more, because it has one or because its time is up.
 *
 * Returns: %TRUE if nothing is left to do for it
 *
 * Since: 1.0
 */
gboolean
plum_call_is_settled (PlumCall *self)
{
  g_return_val_if_fail (PLUM_IS_CALL (self), TRUE);

  return self->settled || !self->waiting || self->delivery != NULL;
}

/**
 * plum_call_return_done:
 * @self: a call of `discover`, `unmap`, `check` or `delete_entry`
 *
 * Settles the call: what was asked is so.
 *
 * Since: 1.0
 */
void
plum_call_return_done (PlumCall *self)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (self->kind == PLUM_CALL_DISCOVER || self->kind == PLUM_CALL_UNMAP ||
                    self->kind == PLUM_CALL_CHECK || self->kind == PLUM_CALL_DELETE_ENTRY);

  plum_call_settle (self);
}

/**
 * plum_call_return_lease:
 * @self: a call of `map`
 * @lease: (transfer none): what the router granted
 *
 * Settles the call: the port is mapped.
 *
 * Since: 1.0
 */
void
plum_call_return_lease (PlumCall *self, PlumLease *lease)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (PLUM_IS_LEASE (lease));
  g_return_if_fail (self->kind == PLUM_CALL_MAP);

  if (plum_call_settle (self))
    g_set_object (&self->lease, lease);
  else if (self->lease == NULL)
    plum_backend_late_lease (self->backend, self->request, lease);
}

/**
 * plum_call_return_address:
 * @self: a call of `get_external_address`
 * @address: (transfer none): the router's address as the internet sees it
 *
 * Settles the call: this is the address.
 *
 * Since: 1.0
 */
void
plum_call_return_address (PlumCall *self, GInetAddress *address)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (G_IS_INET_ADDRESS (address));
  g_return_if_fail (self->kind == PLUM_CALL_GET_EXTERNAL_ADDRESS);

  if (plum_call_settle (self))
    g_set_object (&self->address, address);
}

/**
 * plum_call_return_entries:
 * @self: a call of `list`
 * @entries: (transfer none): a list of [class@Plum.Entry]
 *
 * Settles the call: this is the router's table.
 *
 * Since: 1.0
 */
void
plum_call_return_entries (PlumCall *self, GListModel *entries)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (G_IS_LIST_MODEL (entries));
  g_return_if_fail (g_type_is_a (g_list_model_get_item_type (entries), PLUM_TYPE_ENTRY));
  g_return_if_fail (self->kind == PLUM_CALL_LIST);

  if (plum_call_settle (self))
    g_set_object (&self->entries, entries);
}

/**
 * plum_call_return_error:
 * @self: a call
 * @error: (transfer full): why it failed, best of %PLUM_ERROR; who, what came, what was expected
 *
 * Settles the call: it failed.
 *
 * Since: 1.0
 */
void
plum_call_return_error (PlumCall *self, GError *error)
{
  g_autoptr (GError) owned = error;

  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (error != NULL);

  if (plum_call_settle (self))
    self->error = g_steal_pointer (&owned);
}

/**
 * plum_call_fail:
 * @self: a call
 * @code: what kind of failure
 * @message: the failure in words that a user can act on
 *
 * Settles the call: it failed. The same as [method@Plum.Call.return_error] in a form that is easy
 * from every language.
 *
 * Since: 1.0
 */
void
plum_call_fail (PlumCall *self, PlumError code, const char *message)
{
  g_return_if_fail (PLUM_IS_CALL (self));
  g_return_if_fail (message != NULL);

  plum_call_return_error (self, g_error_new_literal (PLUM_ERROR, code, message));
}

PlumBackend *
plum_call_get_backend (PlumCall *self)
{
  return self->backend;
}

PlumRequest *
plum_call_get_request (PlumCall *self)
{
  return self->request;
}

const GError *
plum_call_get_error (PlumCall *self)
{
  return self->error;
}

PlumLease *
plum_call_get_lease (PlumCall *self)
{
  return self->lease;
}

GInetAddress *
plum_call_get_address (PlumCall *self)
{
  return self->address;
}

GListModel *
plum_call_get_entries (PlumCall *self)
{
  return self->entries;
}
