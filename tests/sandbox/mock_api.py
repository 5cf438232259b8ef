"""A REST API that needs no function behind it."""

from tests.sandbox.lab import ref, unique


def mock_api(**method_properties: object) -> dict[str, dict[str, object]]:
    """An API that answers by itself who may call it, as the properties of its method say."""
    parent = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    answer = {"StatusCode": "200", "ResponseTemplates": {"application/json": '{"is": "open"}'}}
    integration = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [answer],
    }
    method = {
        "RestApiId": ref("Api"),
        "ResourceId": parent,
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": integration,
        "MethodResponses": [{"StatusCode": "200"}],
        **method_properties,
    }
    kind = "AWS::ApiGateway"
    stage = {"RestApiId": ref("Api"), "DeploymentId": ref("Deployment"), "StageName": "live"}
    return {
        "Api": {"Type": f"{kind}::RestApi", "Properties": {"Name": unique("api")}},
        "Get": {"Type": f"{kind}::Method", "Properties": method},
        "Deployment": {
            "Type": f"{kind}::Deployment",
            "DependsOn": "Get",
            "Properties": {"RestApiId": ref("Api")},
        },
        "Stage": {"Type": f"{kind}::Stage", "Properties": stage},
    }
