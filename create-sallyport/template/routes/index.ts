/** All routes of the gateway. A route that is not listed here does not exist. */
export default []
