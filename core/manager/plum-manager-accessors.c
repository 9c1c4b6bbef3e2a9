/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-manager-private.h"
#include "plum-main-context-private.h"

GParamSpec *plum_manager_properties[N_PROPS];

void
plum_manager_notify (PlumManager *self, PlumManagerProperty property)
{
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_signal_queue_freeze (self->signals, self);
  g_object_notify_by_pspec (G_OBJECT (self), plum_manager_properties[property]);
}

/* 0 is the default. */
static guint
get_time (guint value, guint minimum, guint default_value)
{
  return value != 0 ? MAX (value, minimum) : default_value;
}

/**
 * plum_manager_get_main_context: (get-property main-context)
 * @self: a manager
 *
 * Gets the main context of the manager.
 *
 * Returns: (transfer none): the main context
 *
 * Since: 1.0
 */
GMainContext *
plum_manager_get_main_context (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return self->context;
}

/**
 * plum_manager_get_discover_timeout: (get-property discover-timeout)
 * @self: a manager
 *
 * Gets the timeout for discovering what a gateway supports.
 *
 * Returns: the timeout in milliseconds
 *
 * Since: 1.0
 */
guint
plum_manager_get_discover_timeout (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.discover_timeout;
}

/**
 * plum_manager_set_discover_timeout: (set-property discover-timeout)
 * @self: a manager
 * @discover_timeout: the timeout in milliseconds, or 0 for 10000; a value below 100 is raised
 * to 100
 *
 * Sets the timeout for discovering what a gateway supports.
 *
 * Takes effect at the next discovery.
 *
 * Since: 1.0
 */
void
plum_manager_set_discover_timeout (PlumManager *self, guint discover_timeout)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (discover_timeout <= G_MAXINT);

  discover_timeout = get_time (discover_timeout, 100, DISCOVER_TIMEOUT_MS);
  if (self->settings.discover_timeout == discover_timeout)
    return;

  self->settings.discover_timeout = discover_timeout;
  plum_manager_notify (self, PROP_DISCOVER_TIMEOUT);
}

/**
 * plum_manager_get_mapping_timeout: (get-property mapping-timeout)
 * @self: a manager
 *
 * Gets the timeout for one attempt by one backend.
 *
 * Returns: the timeout in milliseconds
 *
 * Since: 1.0
 */
guint
plum_manager_get_mapping_timeout (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.mapping_timeout;
}

/**
 * plum_manager_set_mapping_timeout: (set-property mapping-timeout)
 * @self: a manager
 * @mapping_timeout: the timeout in milliseconds, or 0 for 10000; a value below 100 is raised
 * to 100
 *
 * Sets the timeout for one attempt by one backend.
 *
 * Takes effect at the next attempt.
 *
 * Since: 1.0
 */
void
plum_manager_set_mapping_timeout (PlumManager *self, guint mapping_timeout)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (mapping_timeout <= G_MAXINT);

  mapping_timeout = get_time (mapping_timeout, 100, MAPPING_TIMEOUT_MS);
  if (self->settings.mapping_timeout == mapping_timeout)
    return;

  self->settings.mapping_timeout = mapping_timeout;
  plum_manager_notify (self, PROP_MAPPING_TIMEOUT);
}

/**
 * plum_manager_get_release_timeout: (get-property release-timeout)
 * @self: a manager
 *
 * Gets how long a destroy and the close wait for the router.
 *
 * Returns: the timeout in milliseconds, or 0 for [property@Plum.Manager:mapping-timeout]
 *
 * Since: 1.0
 */
guint
plum_manager_get_release_timeout (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.release_timeout;
}

/**
 * plum_manager_set_release_timeout: (set-property release-timeout)
 * @self: a manager
 * @release_timeout: the timeout in milliseconds, or 0 for [property@Plum.Manager:mapping-timeout];
 * a value from 1 to 99 is raised to 100
 *
 * Sets how long a destroy and the close wait for the router.
 *
 * Takes effect at the next destroy or close.
 *
 * Since: 1.0
 */
void
plum_manager_set_release_timeout (PlumManager *self, guint release_timeout)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (release_timeout <= G_MAXINT);

  release_timeout = get_time (release_timeout, 100, 0);
  if (self->settings.release_timeout == release_timeout)
    return;

  self->settings.release_timeout = release_timeout;
  plum_manager_notify (self, PROP_RELEASE_TIMEOUT);
}

/**
 * plum_manager_get_recheck_period: (get-property recheck-period)
 * @self: a manager
 *
 * Gets how often to verify that the router still has the mappings.
 *
 * Returns: the period in milliseconds
 *
 * Since: 1.0
 */
guint
plum_manager_get_recheck_period (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.recheck_period;
}

/**
 * plum_manager_set_recheck_period: (set-property recheck-period)
 * @self: a manager
 * @recheck_period: the period in milliseconds, or 0 for 300000; a value below 1000 is raised
 * to 1000
 *
 * Sets how often to verify that the router still has the mappings.
 *
 * Takes effect after the next verification.
 *
 * Since: 1.0
 */
void
plum_manager_set_recheck_period (PlumManager *self, guint recheck_period)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (recheck_period <= G_MAXINT);

  recheck_period = get_time (recheck_period, 1000, RECHECK_PERIOD_MS);
  if (self->settings.recheck_period == recheck_period)
    return;

  self->settings.recheck_period = recheck_period;
  plum_manager_notify (self, PROP_RECHECK_PERIOD);
}

/**
 * plum_manager_get_lease_duration: (get-property lease-duration)
 * @self: a manager
 *
 * Gets the lifetime that is requested for mappings.
 *
 * Returns: the lifetime in seconds
 *
 * Since: 1.0
 */
guint
plum_manager_get_lease_duration (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.lease_duration;
}

/**
 * plum_manager_set_lease_duration: (set-property lease-duration)
 * @self: a manager
 * @lease_duration: the lifetime in seconds, from 1 to 604800, or 0 for 7200
 *
 * Sets the lifetime that is requested for mappings.
 *
 * Takes effect at the next request or renewal of each mapping.
 *
 * Since: 1.0
 */
void
plum_manager_set_lease_duration (PlumManager *self, guint lease_duration)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (lease_duration <= 604800);

  lease_duration = get_time (lease_duration, 1, LEASE_DURATION_S);
  if (self->settings.lease_duration == lease_duration)
    return;

  self->settings.lease_duration = lease_duration;
  plum_manager_notify (self, PROP_LEASE_DURATION);
}

/**
 * plum_manager_get_max_hops: (get-property max-hops)
 * @self: a manager
 *
 * Gets through how many routers a port may be mapped.
 *
 * Returns: the number of routers, from 1 to 3
 *
 * Since: 1.0
 */
guint
plum_manager_get_max_hops (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->settings.max_hops;
}

/**
 * plum_manager_set_max_hops: (set-property max-hops)
 * @self: a manager
 * @max_hops: the number of routers, from 1 to 3
 *
 * Sets through how many routers a port may be mapped.
 *
 * Takes effect at once: mappings on routers that are no longer allowed expire, and are deleted when
 * the routers are allowed again.
 *
 * Since: 1.0
 */
void
plum_manager_set_max_hops (PlumManager *self, guint max_hops)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (max_hops >= 1 && max_hops <= 3);

  if (self->settings.max_hops == max_hops)
    return;

  PLUM_SIGNAL_SCOPE (self->signals);
  self->settings.max_hops = max_hops;
  plum_manager_notify (self, PROP_MAX_HOPS);
  plum_gateway_set_check_upstreams (self->gateways);
}

/**
 * plum_manager_get_gateways: (get-property gateways)
 * @self: a manager
 *
 * Gets the gateways of this host.
 *
 * Returns: (transfer none): a list of [class@Plum.Gateway]
 *
 * Since: 1.0
 */
GListModel *
plum_manager_get_gateways (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_gateway_set_get_list (self->gateways);
}

/**
 * plum_manager_get_backends: (get-property backends)
 * @self: a manager
 *
 * Gets the backends, loading the modules if necessary.
 *
 * Returns: (transfer none): a list of [class@Plum.BackendInfo]
 *
 * Since: 1.0
 */
GListModel *
plum_manager_get_backends (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  {
    PLUM_SIGNAL_SCOPE (self->signals);

    plum_backend_list_load (self->backends);
  }

  return plum_backend_list_get_model (self->backends);
}

/**
 * plum_manager_get_gateway_address: (get-property gateway-address)
 * @self: a manager
 *
 * Gets the address of the router to use instead of the next hop of the default route.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the router is found automatically
 *
 * Since: 1.0
 */
GInetAddress *
plum_manager_get_gateway_address (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_gateway_set_get_address (self->gateways);
}

/**
 * plum_manager_set_gateway_address: (set-property gateway-address)
 * @self: a manager
 * @gateway_address: (nullable): the address, or %NULL to find the router automatically
 *
 * Sets the address of the router to use instead of the next hop of the default route.
 *
 * Existing mappings are requested again from that router.
 *
 * Since: 1.0
 */
void
plum_manager_set_gateway_address (PlumManager *self, GInetAddress *gateway_address)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (gateway_address == NULL || G_IS_INET_ADDRESS (gateway_address));

  PLUM_SIGNAL_SCOPE (self->signals);
  if (plum_gateway_set_set_address (self->gateways, gateway_address))
    plum_manager_notify (self, PROP_GATEWAY_ADDRESS);
}

/**
 * plum_manager_get_interface: (get-property interface)
 * @self: a manager
 *
 * Gets the network interface to use.
 *
 * Returns: (nullable): the name of the interface, or %NULL for that of the default route
 *
 * Since: 1.0
 */
const char *
plum_manager_get_interface (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_gateway_set_get_interface (self->gateways);
}

/**
 * plum_manager_set_interface: (set-property interface)
 * @self: a manager
 * @interface_name: (nullable): the name of the interface, such as `wlan0`, or %NULL for that of the
 *   default route
 *
 * Sets the network interface to use.
 *
 * Existing mappings are requested again from the router of that interface.
 *
 * Since: 1.0
 */
void
plum_manager_set_interface (PlumManager *self, const char *interface_name)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);

  PLUM_SIGNAL_SCOPE (self->signals);
  if (plum_gateway_set_set_interface (self->gateways, interface_name))
    plum_manager_notify (self, PROP_INTERFACE);
}

/**
 * plum_manager_get_enabled_backends: (get-property enabled-backends)
 * @self: a manager
 *
 * Gets the names of the backends to use.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the names, or %NULL for all
 *
 * Since: 1.0
 */
const char *const *
plum_manager_get_enabled_backends (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_backend_list_get_enabled (self->backends);
}

/**
 * plum_manager_set_enabled_backends: (set-property enabled-backends)
 * @self: a manager
 * @enabled_backends: (nullable) (array zero-terminated=1): the names, in the order in which to try
 *   them, or %NULL for all backends in the order of their priorities
 *
 * Sets the names of the backends to use, and their order.
 *
 * Unknown names are listed with an error in [property@Plum.Manager:backends].
 *
 * Since: 1.0
 */
void
plum_manager_set_enabled_backends (PlumManager *self, const char *const *enabled_backends)
{
  const char *const *old;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);

  old = plum_backend_list_get_enabled (self->backends);
  if (old == NULL && enabled_backends == NULL)
    return;
  if (old != NULL && enabled_backends != NULL && g_strv_equal (old, enabled_backends))
    return;

  PLUM_SIGNAL_SCOPE (self->signals);
  if (plum_backend_list_set_enabled (self->backends, enabled_backends))
    plum_gateway_set_reset (self->gateways);
  plum_manager_notify (self, PROP_ENABLED_BACKENDS);
}

/**
 * plum_manager_get_application_name: (get-property application-name)
 * @self: a manager
 *
 * Gets the name shown in the mapping tables of routers.
 *
 * Returns: (nullable): the name, or %NULL for the default, which is that of
 *   [func@GLib.get_prgname] or `plum`
 *
 * Since: 1.0
 */
const char *
plum_manager_get_application_name (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->settings.application_name;
}

/**
 * plum_manager_set_application_name: (set-property application-name)
 * @self: a manager
 * @application_name: (nullable): the name, or %NULL for the default, which is that of
 *   [func@GLib.get_prgname] or `plum`
 *
 * Sets the name shown in the mapping tables of routers.
 *
 * Takes effect for mappings that are added later.
 *
 * Since: 1.0
 */
void
plum_manager_set_application_name (PlumManager *self, const char *application_name)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);

  if (g_strcmp0 (self->settings.application_name, application_name) == 0)
    return;

  g_free (self->settings.application_name);
  self->settings.application_name = g_strdup (application_name);
  plum_manager_notify (self, PROP_APPLICATION_NAME);
}
