/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <glib/gi18n-lib.h>

#include "plum-windows-adapters.h"
#include "plum-windows-error.h"

#define N_KINDS 3

/* What the callbacks of Windows use, which run in other threads. CancelMibChangeNotify2() waits for
 * them, so nothing here is freed before. */
typedef struct
{
  GMainContext *context;
  int changed; /* atomic */
} RouteChanges;

typedef struct
{
  GSource source;
  RouteChanges *changes;
  HANDLE handles[N_KINDS];
} RouteWatch;

static void
note_change (RouteChanges *changes)
{
  g_atomic_int_set (&changes->changed, TRUE);
  g_main_context_wakeup (changes->context);
}

static void WINAPI
on_route_changed (gpointer user_data, MIB_IPFORWARD_ROW2 *row, MIB_NOTIFICATION_TYPE type)
{
  note_change (user_data);
}

static void WINAPI
on_address_changed (gpointer user_data, MIB_UNICASTIPADDRESS_ROW *row, MIB_NOTIFICATION_TYPE type)
{
  note_change (user_data);
}

static void WINAPI
on_interface_changed (gpointer user_data, MIB_IPINTERFACE_ROW *row, MIB_NOTIFICATION_TYPE type)
{
  note_change (user_data);
}

static gboolean
watch_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return g_atomic_int_get (&((RouteWatch *) source)->changes->changed);
}

static gboolean
watch_check (GSource *source)
{
  return g_atomic_int_get (&((RouteWatch *) source)->changes->changed);
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  /* Before the callback, which may cause another change. */
  g_atomic_int_set (&((RouteWatch *) source)->changes->changed, FALSE);
  return callback (user_data);
}

static void
watch_finalize (GSource *source)
{
  RouteWatch *self = (RouteWatch *) source;

  for (guint i = 0; i < N_KINDS; i++)
    if (self->handles[i] != NULL)
      CancelMibChangeNotify2 (self->handles[i]);
  g_main_context_unref (self->changes->context);
  g_free (self->changes);
}

static GSourceFuncs watch_funcs = {
  .prepare = watch_prepare,
  .check = watch_check,
  .dispatch = watch_dispatch,
  .finalize = watch_finalize,
};

static gboolean
watch_subscribe (RouteWatch *self, GError **error)
{
  DWORD code =
    NotifyRouteChange2 (AF_UNSPEC, on_route_changed, self->changes, FALSE, &self->handles[0]);

  if (code == 0)
    code = NotifyUnicastIpAddressChange (AF_UNSPEC, on_address_changed, self->changes, FALSE,
                                         &self->handles[1]);
  if (code == 0)
    code = NotifyIpInterfaceChange (AF_UNSPEC, on_interface_changed, self->changes, FALSE,
                                    &self->handles[2]);

  return code == 0 ||
         plum_windows_set_error (error, code,
                                 _ ("The system does not report changes of its routes"));
}

GSource *
plum_route_watch_new (GMainContext *context, GSourceFunc func, gpointer user_data, GError **error)
{
  g_autoptr (GSource) source = g_source_new (&watch_funcs, sizeof (RouteWatch));
  RouteWatch *self = (RouteWatch *) source;

  self->changes = g_new0 (RouteChanges, 1);
  self->changes->context =
    g_main_context_ref (context != NULL ? context : g_main_context_default ());
  if (!watch_subscribe (self, error))
    return NULL;

  g_source_set_static_name (source, "[plum] route watch");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return g_steal_pointer (&source);
}
