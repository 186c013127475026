/** Every route of the gateway. What is not listed here does not exist. */
export default []
