/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-mapping-row.h"

#include "ports-text.h"

#include <glib/gi18n-lib.h>

/* A row that shows a mapping. Its buttons use actions of the window. */
struct _PortsMappingRow
{
  AdwActionRow parent_instance;

  GtkStack *indicator;
  GtkWidget *copy_button;
  GtkWidget *remove_button;

  PlumMapping *mapping;
};

typedef enum {
  MAPPING_ROW_PROP_MAPPING = 1,
  MAPPING_ROW_N_PROPS
} PortsMappingRowProperty;

static GParamSpec *mapping_row_properties[MAPPING_ROW_N_PROPS];

G_DEFINE_FINAL_TYPE (PortsMappingRow, ports_mapping_row, ADW_TYPE_ACTION_ROW)

static const char *
get_indicator (PlumState state)
{
  switch (state)
    {
    case PLUM_STATE_SUCCESS:
      return "up";
    case PLUM_STATE_FAILURE:
      return "failed";
    case PLUM_STATE_PENDING:
    case PLUM_STATE_DESTROYING:
    case PLUM_STATE_DESTROYED:
    default:
      return "busy";
    }
}

static void
ports_mapping_row_update (PortsMappingRow *self)
{
  PlumState state = plum_mapping_get_state (self->mapping);
  g_autofree char *text = ports_text_for_mapping (self->mapping);

  gtk_stack_set_visible_child_name (self->indicator, get_indicator (state));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), text);
  gtk_widget_set_visible (self->copy_button, state == PLUM_STATE_SUCCESS);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.copy", state == PLUM_STATE_SUCCESS);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.remove",
                                 state != PLUM_STATE_DESTROYING && state != PLUM_STATE_DESTROYED);
}

/* Frees the label. */
static void
label_button (GtkWidget *button, char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  g_free (label);
}

static void
copy_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsMappingRow *self = PORTS_MAPPING_ROW (widget);
  g_autofree char *endpoint = ports_text_for_endpoint (self->mapping);

  gtk_widget_activate_action (widget, "win.copy", "s", endpoint);
}

static void
remove_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsMappingRow *self = PORTS_MAPPING_ROW (widget);

  gtk_widget_activate_action (widget, "win.remove", "u", plum_mapping_get_id (self->mapping));
}

static void
ports_mapping_row_constructed (GObject *object)
{
  PortsMappingRow *self = PORTS_MAPPING_ROW (object);
  const char *description = plum_mapping_get_description (self->mapping);
  g_autofree char *port = ports_text_for_port (self->mapping);
  g_autofree char *title = NULL;

  G_OBJECT_CLASS (ports_mapping_row_parent_class)->constructed (object);

  title =
    description != NULL ? g_strdup_printf ("%s (%s)", port, description) : g_steal_pointer (&port);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  /* Translators: the name of a port, such as “TCP 8080 (Game)”. */
  label_button (self->copy_button, g_strdup_printf (_ ("Copy address of %s"), title));
  /* Translators: the name of a port, such as “TCP 8080 (Game)”. */
  label_button (self->remove_button, g_strdup_printf (_ ("Remove %s"), title));

  g_signal_connect_object (self->mapping, "notify", G_CALLBACK (ports_mapping_row_update), self,
                           G_CONNECT_SWAPPED);
  ports_mapping_row_update (self);
}

static void
ports_mapping_row_dispose (GObject *object)
{
  PortsMappingRow *self = PORTS_MAPPING_ROW (object);

  g_clear_object (&self->mapping);

  G_OBJECT_CLASS (ports_mapping_row_parent_class)->dispose (object);
}

static void
ports_mapping_row_set_property (GObject *object,
                                guint property_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  PortsMappingRow *self = PORTS_MAPPING_ROW (object);

  switch ((PortsMappingRowProperty) property_id)
    {
    case MAPPING_ROW_PROP_MAPPING:
      self->mapping = g_value_dup_object (value);
      break;
    case MAPPING_ROW_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
ports_mapping_row_class_init (PortsMappingRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = ports_mapping_row_constructed;
  object_class->dispose = ports_mapping_row_dispose;
  object_class->set_property = ports_mapping_row_set_property;

  mapping_row_properties[MAPPING_ROW_PROP_MAPPING] =
    g_param_spec_object ("mapping", NULL, NULL, PLUM_TYPE_MAPPING,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, MAPPING_ROW_N_PROPS, mapping_row_properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/plum_glib/Ports/ports-mapping-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PortsMappingRow, indicator);
  gtk_widget_class_bind_template_child (widget_class, PortsMappingRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, PortsMappingRow, remove_button);

  gtk_widget_class_install_action (widget_class, "row.copy", NULL, copy_activated);
  gtk_widget_class_install_action (widget_class, "row.remove", NULL, remove_activated);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "row.copy", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "row.remove", NULL);
}

static void
ports_mapping_row_init (PortsMappingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ports_mapping_row_new (PlumMapping *mapping)
{
  return g_object_new (PORTS_TYPE_MAPPING_ROW, "mapping", mapping, NULL);
}
