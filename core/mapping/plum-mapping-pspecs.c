/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The specifications of the properties, with their documentation. */

#include "plum-mapping-internal-private.h"

#define READABLE_FLAGS PLUM_MAPPING_READABLE

static void
plum_mapping_install_port_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:protocol: (getter get_protocol)
   *
   * The transport protocol. The default is %PLUM_PROTOCOL_TCP.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL] = g_param_spec_enum ("protocol", NULL, NULL, PLUM_TYPE_PROTOCOL,
                                                 PLUM_PROTOCOL_TCP, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:family: (getter get_family)
   *
   * The address family: %G_SOCKET_FAMILY_IPV4, the default, or %G_SOCKET_FAMILY_IPV6. If
   * [property@Plum.Mapping:local-address] is an IPv6 address, the family is IPv6; with an IPv4
   * address and IPv6, [method@Plum.Manager.add_mapping] fails.
   *
   * Since: 1.0
   */
  properties[PROP_FAMILY] = g_param_spec_enum ("family", NULL, NULL, G_TYPE_SOCKET_FAMILY,
                                               G_SOCKET_FAMILY_IPV4, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:internal-port: (getter get_internal_port)
   *
   * The port that this host listens on, from 1 to 65535. Other values, such as the default 0, make
   * [method@Plum.Manager.add_mapping] fail.
   *
   * Since: 1.0
   */
  properties[PROP_INTERNAL_PORT] =
    g_param_spec_uint ("internal-port", NULL, NULL, 0, G_MAXUINT, 0, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:requested-external-port: (getter get_requested_external_port)
   *
   * The preferred external port, from 1 to 65535, or 0, the default, for no preference. Other
   * values make [method@Plum.Manager.add_mapping] fail.
   *
   * If this is 0, the library requests the port that an earlier run of the program had, if that is
   * known, or else the internal port. The router may grant another port, which is
   * [property@Plum.Mapping:external-port]. To accept no other port, set
   * [property@Plum.Mapping:require-external-port].
   *
   * Since: 1.0
   */
  properties[PROP_REQUESTED_EXTERNAL_PORT] =
    g_param_spec_uint ("requested-external-port", NULL, NULL, 0, G_MAXUINT, 0, CONSTRUCT_FLAGS);
}

static void
plum_mapping_install_option_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:require-external-port: (getter get_require_external_port)
   *
   * Whether to accept, on the outermost router, no external port other than
   * [property@Plum.Mapping:requested-external-port], or [property@Plum.Mapping:internal-port] if no
   * port is requested. The default is %FALSE.
   *
   * If another host or another mapping of this program uses the port, the mapping fails with
   * %PLUM_ERROR_CONFLICT. The error message names the user of the port if the router reports it. A
   * lease with another port is released. The library tries again as after any other failure.
   *
   * If an equal mapping is up with another port, that mapping keeps it. This mapping fails until
   * the other one is destroyed.
   *
   * Since: 1.0
   */
  properties[PROP_REQUIRE_EXTERNAL_PORT] =
    g_param_spec_boolean ("require-external-port", NULL, NULL, FALSE, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:description: (getter get_description)
   *
   * The description for the router's mapping table. It is shortened and cleaned to what the router
   * accepts. If it is %NULL, the default, the library uses the application name, the protocol and
   * the port.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] =
    g_param_spec_string ("description", NULL, NULL, NULL, CONSTRUCT_FLAGS);
}

static void
plum_mapping_install_place_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:local-address: (getter get_local_address)
   *
   * The address of this host that is to be reached, or %NULL, the default, for the preferred one.
   *
   * The address selects the network interface, the gateway and [property@Plum.Mapping:family].
   * [method@Plum.Manager.add_mapping] fails with %PLUM_ERROR_NO_GATEWAY if this host does not have
   * the address, or no router is reached from it. If the host loses the address later, the mapping
   * is pending until the address returns.
   *
   * Since: 1.0
   */
  properties[PROP_LOCAL_ADDRESS] =
    g_param_spec_object ("local-address", NULL, NULL, G_TYPE_INET_ADDRESS, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:requested-gateway: (getter get_requested_gateway)
   *
   * The gateway whose network interface the mapping is bound to: one of
   * [property@Plum.Manager:gateways], or %NULL, the default, to follow the default route.
   *
   * A mapping that is bound to an interface follows it to other networks and addresses, and is
   * pending while the interface has no router. [property@Plum.Mapping:gateway] is the gateway that
   * maps the port at present.
   *
   * [method@Plum.Manager.add_mapping] fails if the gateway has another address family than the
   * mapping, or if [property@Plum.Mapping:local-address] is set, too.
   *
   * Since: 1.0
   */
  properties[PROP_REQUESTED_GATEWAY] =
    g_param_spec_object ("requested-gateway", NULL, NULL, PLUM_TYPE_GATEWAY, CONSTRUCT_FLAGS);

  /**
   * PlumMapping:gateway: (getter get_gateway)
   *
   * The gateway that maps the port; %NULL while the mapping is not up.
   *
   * To select one, set [property@Plum.Mapping:requested-gateway].
   *
   * Since: 1.0
   */
  properties[PROP_GATEWAY] =
    g_param_spec_object ("gateway", NULL, NULL, PLUM_TYPE_GATEWAY, READABLE_FLAGS);
}

static void
plum_mapping_install_state_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:id: (getter get_id)
   *
   * The number of the mapping in its manager. Numbers start at 1 and are never reused. The number
   * is 0 until the mapping is added.
   *
   * Since: 1.0
   */
  properties[PROP_ID] = g_param_spec_uint ("id", NULL, NULL, 0, G_MAXUINT, 0, READABLE_FLAGS);

  /**
   * PlumMapping:state: (getter get_state)
   *
   * The state of the mapping. It is %PLUM_STATE_DESTROYED until the mapping is added.
   *
   * When it becomes %PLUM_STATE_SUCCESS, the other properties are already set. They are notified
   * together.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, PLUM_TYPE_STATE, PLUM_STATE_DESTROYED, READABLE_FLAGS);

  /**
   * PlumMapping:error: (getter get_error)
   *
   * The error of the last attempt; %NULL if no attempt failed. Its message contains the errors of
   * all backends; [property@Plum.Mapping:verdicts] has them one by one, and
   * [property@Plum.Mapping:error-summary] is a sentence for the user.
   *
   * On a destroyed mapping, this is the reason why a router may still have the mapping, or may
   * still have it from before this host changed its address or its network.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, READABLE_FLAGS);
}

static void
plum_mapping_install_error_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:error-summary: (getter get_error_summary)
   *
   * The error of the last attempt as one sentence for the user: which protocol got furthest, and
   * what to do; %NULL if [property@Plum.Mapping:error] is %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR_SUMMARY] =
    g_param_spec_string ("error-summary", NULL, NULL, NULL, READABLE_FLAGS);

  /**
   * PlumMapping:verdicts: (getter get_verdicts)
   *
   * The errors of the backends in the last attempt: a list of [class@Plum.Verdict], with the
   * highest priority first. A backend that does not apply to the network is not in the list, unless
   * none applies: then all are.
   *
   * This is %NULL if no attempt failed, and if [property@Plum.Mapping:error] has another reason,
   * for example that there is no network.
   *
   * Since: 1.0
   */
  properties[PROP_VERDICTS] =
    g_param_spec_object ("verdicts", NULL, NULL, G_TYPE_LIST_MODEL, READABLE_FLAGS);
}

static void
plum_mapping_install_external_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:external-port: (getter get_external_port)
   *
   * The external port that the outermost router forwards, from 1 to 65535; 0 while the mapping is
   * not up.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_PORT] =
    g_param_spec_uint ("external-port", NULL, NULL, 0, G_MAXUINT16, 0, READABLE_FLAGS);

  /**
   * PlumMapping:external-host: (getter get_external_host)
   *
   * The external address of the outermost router, in text form; %NULL while the mapping is not up,
   * or if that router does not report the address.
   *
   * The outermost router is the last one of [property@Plum.Mapping:hops].
   *
   * See [property@Plum.Mapping:external-scope] for the hosts that can reach it.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_HOST] =
    g_param_spec_string ("external-host", NULL, NULL, NULL, READABLE_FLAGS);

  /**
   * PlumMapping:external-address: (getter get_external_address)
   *
   * The external host and port as a socket address; %NULL if [property@Plum.Mapping:external-host]
   * is %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_ADDRESS] =
    g_param_spec_object ("external-address", NULL, NULL, G_TYPE_INET_SOCKET_ADDRESS,
                         READABLE_FLAGS);

  /**
   * PlumMapping:external-scope: (getter get_external_scope)
   *
   * The scope of the external address.
   *
   * %PLUM_ADDRESS_SCOPE_UNKNOWN means that the router does not report its address. If the mapping
   * is up and this is any other value except %PLUM_ADDRESS_SCOPE_PUBLIC, another NAT is beyond the
   * outermost router, or that router has no connection. See [property@Plum.Mapping:upstream-error].
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_SCOPE] =
    g_param_spec_enum ("external-scope", NULL, NULL, PLUM_TYPE_ADDRESS_SCOPE,
                       PLUM_ADDRESS_SCOPE_UNKNOWN, READABLE_FLAGS);
}

void
plum_mapping_create_pspecs (GParamSpec **properties)
{
  plum_mapping_install_port_properties (properties);
  plum_mapping_install_option_properties (properties);
  plum_mapping_install_place_properties (properties);
  plum_mapping_install_state_properties (properties);
  plum_mapping_install_error_properties (properties);
  plum_mapping_install_external_properties (properties);
  plum_mapping_create_lease_properties (properties);
}
