package shared_test

const replicaEnv = "ROSTER_TEST_REPLICA"

func replica() int { return 0 }
