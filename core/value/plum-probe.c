/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumProbe:
 *
 * The result of the discovery of one gateway by one backend.
 *
 * The list [property@Plum.Gateway:probes] contains one object of this type for each enabled
 * backend.
 *
 * Since: 1.0
 */
struct _PlumProbe
{
  GObject parent_instance;

  const char *name; /* interned */
  PlumProbeOutcome outcome;
  GError *error;
  guint ms;
};

typedef enum {
  PROBE_PROP_NAME = 1,
  PROBE_PROP_OUTCOME,
  PROBE_PROP_ERROR,
  PROBE_PROP_MS,
  PROBE_N_PROPS
} PlumProbeProperty;

static GParamSpec *probe_properties[PROBE_N_PROPS];

G_DEFINE_FINAL_TYPE (PlumProbe, plum_probe, G_TYPE_OBJECT)

static void
plum_probe_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumProbe *self = PLUM_PROBE (object);

  switch ((PlumProbeProperty) property_id)
    {
    case PROBE_PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROBE_PROP_OUTCOME:
      g_value_set_enum (value, self->outcome);
      break;
    case PROBE_PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case PROBE_PROP_MS:
      g_value_set_uint (value, self->ms);
      break;
    case PROBE_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_probe_finalize (GObject *object)
{
  PlumProbe *self = PLUM_PROBE (object);

  g_clear_error (&self->error);

  G_OBJECT_CLASS (plum_probe_parent_class)->finalize (object);
}

static void
plum_probe_class_init (PlumProbeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_probe_finalize;
  object_class->get_property = plum_probe_get_property;

  /**
   * PlumProbe:name: (getter get_name)
   *
   * The name of the backend, such as `pcp`.
   *
   * Since: 1.0
   */
  probe_properties[PROBE_PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * PlumProbe:outcome: (getter get_outcome)
   *
   * The outcome of the discovery.
   *
   * Since: 1.0
   */
  probe_properties[PROBE_PROP_OUTCOME] =
    g_param_spec_enum ("outcome", NULL, NULL, PLUM_TYPE_PROBE_OUTCOME, PLUM_PROBE_PENDING, flags);

  /**
   * PlumProbe:error: (getter get_error)
   *
   * The reason why the backend cannot map ports on the gateway, or %NULL while the probe is pending
   * and after a success.
   *
   * Since: 1.0
   */
  probe_properties[PROBE_PROP_ERROR] =
    g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * PlumProbe:ms: (getter get_ms)
   *
   * The duration of the discovery in milliseconds, or 0 while the probe is pending.
   *
   * Since: 1.0
   */
  probe_properties[PROBE_PROP_MS] = g_param_spec_uint ("ms", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, PROBE_N_PROPS, probe_properties);
}

static void
plum_probe_init (PlumProbe *self)
{
}

PlumProbe *
plum_probe_new (const char *name)
{
  PlumProbe *self = g_object_new (PLUM_TYPE_PROBE, NULL);

  self->name = g_intern_string (name);
  return self;
}

void
plum_probe_set_outcome (PlumProbe *self, PlumProbeOutcome outcome, const GError *error, guint ms)
{
  g_object_freeze_notify (G_OBJECT (self));

  if (self->error != NULL || error != NULL)
    {
      g_clear_error (&self->error);
      self->error = error != NULL ? g_error_copy (error) : NULL;
      g_object_notify_by_pspec (G_OBJECT (self), probe_properties[PROBE_PROP_ERROR]);
    }

  if (self->ms != ms)
    {
      self->ms = ms;
      g_object_notify_by_pspec (G_OBJECT (self), probe_properties[PROBE_PROP_MS]);
    }

  if (self->outcome != outcome)
    {
      self->outcome = outcome;
      g_object_notify_by_pspec (G_OBJECT (self), probe_properties[PROBE_PROP_OUTCOME]);
    }

  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * plum_probe_get_name: (get-property name)
 * @self: a probe
 *
 * Gets the name of the backend.
 *
 * Returns: the name, such as `pcp`
 *
 * Since: 1.0
 */
const char *
plum_probe_get_name (PlumProbe *self)
{
  g_return_val_if_fail (PLUM_IS_PROBE (self), NULL);

  return self->name;
}

/**
 * plum_probe_get_outcome: (get-property outcome)
 * @self: a probe
 *
 * Gets the outcome of the discovery.
 *
 * Returns: the outcome
 *
 * Since: 1.0
 */
PlumProbeOutcome
plum_probe_get_outcome (PlumProbe *self)
{
  g_return_val_if_fail (PLUM_IS_PROBE (self), PLUM_PROBE_PENDING);

  return self->outcome;
}

/**
 * plum_probe_get_error: (get-property error)
 * @self: a probe
 *
 * Gets the reason why the backend cannot map ports on the gateway.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL while the probe is pending and after a
 *   success
 *
 * Since: 1.0
 */
GError *
plum_probe_get_error (PlumProbe *self)
{
  g_return_val_if_fail (PLUM_IS_PROBE (self), NULL);

  return self->error;
}

/**
 * plum_probe_get_ms: (get-property ms)
 * @self: a probe
 *
 * Gets the duration of the discovery.
 *
 * Returns: the duration in milliseconds, or 0 while the probe is pending
 *
 * Since: 1.0
 */
guint
plum_probe_get_ms (PlumProbe *self)
{
  g_return_val_if_fail (PLUM_IS_PROBE (self), 0);

  return self->ms;
}
