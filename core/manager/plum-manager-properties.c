/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-manager-private.h"

static void
plum_manager_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumManager *self = PLUM_MANAGER (object);

  switch ((PlumManagerProperty) property_id)
    {
    case PROP_MAIN_CONTEXT:
      g_value_set_boxed (value, self->context);
      break;
    case PROP_DISCOVER_TIMEOUT:
      g_value_set_uint (value, self->settings.discover_timeout);
      break;
    case PROP_MAPPING_TIMEOUT:
      g_value_set_uint (value, self->settings.mapping_timeout);
      break;
    case PROP_RELEASE_TIMEOUT:
      g_value_set_uint (value, self->settings.release_timeout);
      break;
    case PROP_RECHECK_PERIOD:
      g_value_set_uint (value, self->settings.recheck_period);
      break;
    case PROP_LEASE_DURATION:
      g_value_set_uint (value, self->settings.lease_duration);
      break;
    case PROP_MAX_HOPS:
      g_value_set_uint (value, self->settings.max_hops);
      break;
    case PROP_GATEWAYS:
      g_value_set_object (value, plum_manager_get_gateways (self));
      break;
    case PROP_BACKENDS:
      g_value_set_object (value, plum_manager_get_backends (self));
      break;
    case PROP_GATEWAY_ADDRESS:
      g_value_set_object (value, plum_manager_get_gateway_address (self));
      break;
    case PROP_INTERFACE:
      g_value_set_string (value, plum_manager_get_interface (self));
      break;
    case PROP_ENABLED_BACKENDS:
      g_value_set_boxed (value, plum_manager_get_enabled_backends (self));
      break;
    case PROP_APPLICATION_NAME:
      g_value_set_string (value, self->settings.application_name);
      break;
    case PROP_STATE_DIRECTORY:
      g_value_set_string (value, self->state_directory);
      break;
    case PROP_STATE_READ_ONLY:
      g_value_set_boolean (value, self->state_read_only);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_manager_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  PlumManager *self = PLUM_MANAGER (object);

  switch ((PlumManagerProperty) property_id)
    {
    case PROP_DISCOVER_TIMEOUT:
      plum_manager_set_discover_timeout (self, g_value_get_uint (value));
      break;
    case PROP_MAPPING_TIMEOUT:
      plum_manager_set_mapping_timeout (self, g_value_get_uint (value));
      break;
    case PROP_RELEASE_TIMEOUT:
      plum_manager_set_release_timeout (self, g_value_get_uint (value));
      break;
    case PROP_RECHECK_PERIOD:
      plum_manager_set_recheck_period (self, g_value_get_uint (value));
      break;
    case PROP_LEASE_DURATION:
      plum_manager_set_lease_duration (self, g_value_get_uint (value));
      break;
    case PROP_MAX_HOPS:
      plum_manager_set_max_hops (self, g_value_get_uint (value));
      break;
    case PROP_GATEWAY_ADDRESS:
      plum_manager_set_gateway_address (self, g_value_get_object (value));
      break;
    case PROP_INTERFACE:
      plum_manager_set_interface (self, g_value_get_string (value));
      break;
    case PROP_ENABLED_BACKENDS:
      plum_manager_set_enabled_backends (self, g_value_get_boxed (value));
      break;
    case PROP_APPLICATION_NAME:
      plum_manager_set_application_name (self, g_value_get_string (value));
      break;
    case PROP_STATE_DIRECTORY:
      plum_manager_set_state_directory (self, g_value_get_string (value));
      break;
    case PROP_STATE_READ_ONLY:
      plum_manager_set_state_read_only (self, g_value_get_boolean (value));
      break;
    case PROP_MAIN_CONTEXT:
    case PROP_GATEWAYS:
    case PROP_BACKENDS:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
install_timeouts (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:discover-timeout: (getter get_discover_timeout) (setter set_discover_timeout)
   *
   * The timeout for discovering what a gateway supports, in milliseconds. The default is 10000.
   *
   * 0 sets the default. A value below 100 is raised to 100.
   *
   * A backend that gets no answer stops about 9.75 seconds after its first packet, or at this
   * timeout if it is shorter. If another backend can map ports, a silent one is waited for three
   * seconds at most.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_DISCOVER_TIMEOUT] =
    g_param_spec_uint ("discover-timeout", NULL, NULL, 0, G_MAXINT, DISCOVER_TIMEOUT_MS, flags);

  /**
   * PlumManager:mapping-timeout: (getter get_mapping_timeout) (setter set_mapping_timeout)
   *
   * The timeout for one attempt by one backend, including all its retries, in milliseconds. The
   * default is 10000. While the backend completes other attempts, such as those of many mappings on
   * a slow router, an attempt may take longer.
   *
   * 0 sets the default. A value below 100 is raised to 100.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_MAPPING_TIMEOUT] =
    g_param_spec_uint ("mapping-timeout", NULL, NULL, 0, G_MAXINT, MAPPING_TIMEOUT_MS, flags);

  /**
   * PlumManager:release-timeout: (getter get_release_timeout) (setter set_release_timeout)
   *
   * How long a destroy, and the close of the manager, wait for the answers of the router, in
   * milliseconds. The default is 0: as long as [property@Plum.Manager:mapping-timeout]. A value
   * from 1 to 99 is raised to 100.
   *
   * When the time expires, the mapping is destroyed nevertheless. Its
   * [property@Plum.Mapping:error] is then the reason why the router may still have it, and
   * [method@Plum.Manager.close_finish] names the mappings that may have stayed. With
   * [property@Plum.Manager:state-directory] set, a later run of the program deletes them.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_RELEASE_TIMEOUT] =
    g_param_spec_uint ("release-timeout", NULL, NULL, 0, G_MAXINT, 0, flags);
}

static void
install_periods (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:recheck-period: (getter get_recheck_period) (setter set_recheck_period)
   *
   * How often to verify that the router still has the mappings, in milliseconds. The default is
   * 300000, which is five minutes.
   *
   * 0 sets the default. A value below 1000 is raised to 1000.
   *
   * Failed mappings are retried at the same interval after the first minute.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_RECHECK_PERIOD] =
    g_param_spec_uint ("recheck-period", NULL, NULL, 0, G_MAXINT, RECHECK_PERIOD_MS, flags);

  /**
   * PlumManager:lease-duration: (getter get_lease_duration) (setter set_lease_duration)
   *
   * The lifetime that is requested for mappings, in seconds, up to 604800. The default is 7200.
   *
   * 0 sets the default.
   *
   * The router may grant a different one.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_LEASE_DURATION] =
    g_param_spec_uint ("lease-duration", NULL, NULL, 0, 604800, LEASE_DURATION_S, flags);
}

static void
install_chain_properties (void)
{
  /**
   * PlumManager:max-hops: (getter get_max_hops) (setter set_max_hops)
   *
   * Through how many routers a port may be mapped, from 1 to 3. The default is 2.
   *
   * If the first router reports an external address that is not public, there is another router
   * between it and the internet. If that router belongs to the home, or to a provider that offers
   * PCP, the library asks it to forward the port to the first router.
   *
   * Nothing is sent beyond the first router before it has reported such an address, or if this is
   * 1. An address of the IPv6 family never leads to another router.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_MAX_HOPS] =
    g_param_spec_uint ("max-hops", NULL, NULL, 1, 3, MAX_HOPS,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
}

static void
install_readonly_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:main-context: (getter get_main_context)
   *
   * The main context of the manager: the one that was the thread-default when it was created.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_MAIN_CONTEXT] =
    g_param_spec_boxed ("main-context", NULL, NULL, G_TYPE_MAIN_CONTEXT, flags);

  /**
   * PlumManager:gateways: (getter get_gateways)
   *
   * The gateways of this host: a list of [class@Plum.Gateway].
   *
   * The list is empty until the first mapping is added or [method@Plum.Manager.discover_async] is
   * called. It has one gateway for each network interface with a default route, such as Ethernet,
   * Wi-Fi and VPN. IPv4 gateways come before IPv6 gateways. In each address family, the gateway of
   * the default route that is in use comes first; the others may be added slightly later.
   *
   * An interface has one more gateway for each other local address from which a mapping is
   * requested, or was and is not deleted yet. See [property@Plum.Mapping:local-address].
   *
   * The list changes with the networks of this host. A gateway whose network does not change stays
   * the same object. To map a port on a gateway other than that of the default route, see
   * [property@Plum.Mapping:requested-gateway].
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_GATEWAYS] =
    g_param_spec_object ("gateways", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * PlumManager:backends: (getter get_backends)
   *
   * The backends: a list of [class@Plum.BackendInfo].
   *
   * The usable ones come first, in the order in which they are tried. The others have an error that
   * describes why they cannot be used.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_BACKENDS] =
    g_param_spec_object ("backends", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

static void
install_network_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:gateway-address: (getter get_gateway_address) (setter set_gateway_address)
   *
   * The address of the router to use instead of the next hop of the default route, such as 10.2.0.1
   * for the server of a VPN.
   *
   * If %NULL, the default, the router is found automatically.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_GATEWAY_ADDRESS] =
    g_param_spec_object ("gateway-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumManager:interface: (getter get_interface) (setter set_interface)
   *
   * The name of the network interface to use. Ports are mapped on the router of that interface.
   *
   * If %NULL, the default, the interface of the default route is used.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_INTERFACE] =
    g_param_spec_string ("interface", NULL, NULL, NULL, flags);
}

static void
install_program_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:enabled-backends: (getter get_enabled_backends) (setter set_enabled_backends)
   *
   * The names of the backends to use, in this order.
   *
   * If %NULL, the default, all backends are used, in the order of their priorities. The environment
   * variable `PLUM_BACKENDS`, with names separated by commas, takes precedence over this property.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_ENABLED_BACKENDS] =
    g_param_spec_boxed ("enabled-backends", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * PlumManager:application-name: (getter get_application_name) (setter set_application_name)
   *
   * The name shown in the mapping tables of routers.
   *
   * If %NULL, the default, the library uses the name that [func@GLib.get_prgname] returns, or
   * `plum` if that is not set. GTK, [class@Gio.Application] and GJS set it; other programs in C and
   * Python have no name unless they set one.
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_APPLICATION_NAME] =
    g_param_spec_string ("application-name", NULL, NULL, NULL, flags);
}

static void
install_state_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:state-directory: (getter get_state_directory) (setter set_state_directory)
   *
   * The directory where the manager keeps a record of its mappings.
   *
   * If the program ends without closing the manager, its next start renews the mappings that are
   * added again, and deletes the others from the router: 30 seconds after the router is found,
   * which gives the program time to add its mappings, or when the manager is closed. The directory
   * must be used by this program only. It is created if it does not exist. If %NULL, the default,
   * no record is kept.
   *
   * Set it before the manager is in use; see [method@Plum.Manager.set_state_directory].
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_STATE_DIRECTORY] =
    g_param_spec_string ("state-directory", NULL, NULL, NULL, flags);

  /**
   * PlumManager:state-read-only: (getter get_state_read_only) (setter set_state_read_only)
   *
   * Whether the records in [property@Plum.Manager:state-directory] are only read, for functions
   * such as [method@Plum.Manager.dup_recorded_entries]. The default is %FALSE.
   *
   * If it is %TRUE, the mappings of the manager are not recorded, and those that an earlier run has
   * left are neither renewed nor deleted.
   *
   * Set it before the manager is in use; see [method@Plum.Manager.set_state_directory].
   *
   * Since: 1.0
   */
  plum_manager_properties[PROP_STATE_READ_ONLY] =
    g_param_spec_boolean ("state-read-only", NULL, NULL, FALSE, flags);
}

void
plum_manager_class_install_properties (PlumManagerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = plum_manager_get_property;
  object_class->set_property = plum_manager_set_property;

  install_timeouts ();
  install_periods ();
  install_readonly_properties ();
  install_chain_properties ();
  install_network_properties ();
  install_program_properties ();
  install_state_properties ();
  g_object_class_install_properties (object_class, N_PROPS, plum_manager_properties);
}

void
plum_manager_init_settings (PlumManager *self)
{
  self->settings.discover_timeout = DISCOVER_TIMEOUT_MS;
  self->settings.mapping_timeout = MAPPING_TIMEOUT_MS;
  self->settings.recheck_period = RECHECK_PERIOD_MS;
  self->settings.lease_duration = LEASE_DURATION_S;
  self->settings.max_hops = MAX_HOPS;
  self->settings.options =
    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
}
