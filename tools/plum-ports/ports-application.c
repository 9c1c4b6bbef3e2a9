/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-application.h"

#include "ports-window.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

/* Also the name of the icons, of the desktop file and of the metainfo. */
#define APPLICATION_ID "org.plum_glib.Ports"

/* An application with one window, which owns the manager. However the program is ended, it
 * closes the window, which removes the mappings from the router. */
struct _PortsApplication
{
  AdwApplication parent_instance;

  guint interrupt_id;
  guint terminate_id;
};

G_DEFINE_FINAL_TYPE (PortsApplication, ports_application, ADW_TYPE_APPLICATION)

/* The active window may be a dialog. */
static GtkWindow *
find_window (PortsApplication *self)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (self));

  for (GList *l = windows; l != NULL; l = l->next)
    if (PORTS_IS_WINDOW (l->data))
      return l->data;

  return NULL;
}

static void
close_window (PortsApplication *self)
{
  GtkWindow *window = find_window (self);

  if (window != NULL)
    gtk_window_close (window);
}

static gboolean
on_signal (gpointer user_data)
{
  close_window (user_data);
  return G_SOURCE_CONTINUE;
}

static void
quit_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  close_window (user_data);
}

static void
about_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  adw_show_about_window (
    find_window (user_data), "application-name", _ ("Ports"), "application-icon", APPLICATION_ID,
    "version", plum_get_version (), "comments",
    _ ("Maps ports of this computer on its router. An example program of plum-glib."),
    "developer-name", _ ("The plum-glib contributors"),
    /* Translators: your names, one per line, for the about window. */ "translator-credits",
    _ ("translator-credits"), "license-type", GTK_LICENSE_LGPL_2_1, NULL);
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = quit_activated },
  { .name = "about", .activate = about_activated },
};

static const struct
{
  const char *action;
  const char *keys[3];
} shortcuts[] = {
  { "app.quit", { "<Control>q" } },
  { "window.close", { "<Control>w" } },
  { "win.add", { "<Control>n" } },
  { "win.search-again", { "<Control>r", "F5" } },
  { "win.copy-address", { "<Control><Shift>c" } },
};

static void
ports_application_startup (GApplication *application)
{
  PortsApplication *self = PORTS_APPLICATION (application);

  G_APPLICATION_CLASS (ports_application_parent_class)->startup (application);

  gtk_window_set_default_icon_name (APPLICATION_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), shortcuts[i].action,
                                           shortcuts[i].keys);

  self->interrupt_id = g_unix_signal_add (SIGINT, on_signal, self);
  self->terminate_id = g_unix_signal_add (SIGTERM, on_signal, self);
}

static void
ports_application_activate (GApplication *application)
{
  GtkWindow *window = find_window (PORTS_APPLICATION (application));

  if (window == NULL)
    window = GTK_WINDOW (ports_window_new (GTK_APPLICATION (application)));

  gtk_window_present (window);
}

static void
ports_application_shutdown (GApplication *application)
{
  PortsApplication *self = PORTS_APPLICATION (application);

  g_clear_handle_id (&self->interrupt_id, g_source_remove);
  g_clear_handle_id (&self->terminate_id, g_source_remove);

  G_APPLICATION_CLASS (ports_application_parent_class)->shutdown (application);
}

static void
ports_application_class_init (PortsApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = ports_application_startup;
  application_class->activate = ports_application_activate;
  application_class->shutdown = ports_application_shutdown;
}

static void
ports_application_init (PortsApplication *self)
{
}

PortsApplication *
ports_application_new (void)
{
  return g_object_new (PORTS_TYPE_APPLICATION, "application-id", APPLICATION_ID, NULL);
}
